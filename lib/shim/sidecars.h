// SPDX-License-Identifier: Apache-2.0
// Helper processes that live as long as the container: pasta, a port forwarder. The shim is their
// parent or, for those that daemonize, the subreaper they fall to.
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "shim/protocol.h"

#include <vector>

namespace dhow::shim {

class Sidecars {
  public:
    // Starts them in order; on an error those already started are gone again.
    Status start(const std::vector<Sidecar>& wanted, const std::vector<std::string>& env);
    // SIGKILL to all: they hold nothing that needs saying goodbye to.
    void stop();

  private:
    std::vector<UniqueFd> pidfds_;
};

}  // namespace dhow::shim
