// SPDX-License-Identifier: Apache-2.0
// dhow-forward beside a container's shim: its arguments. Internal to the network code.
#pragma once

#include "base/result.h"
#include "engine/network/network.h"

#include <string>

namespace dhow::engine::network {

// Carries `ports` to `ip` inside the container's namespace. `interface`: waited for there first;
// empty: nothing to wait for.
Result<shim::Sidecar> forward_sidecar(const Request& request,
                                      const std::vector<PortMapping>& ports,
                                      const std::string& ip,
                                      const std::string& interface);

}  // namespace dhow::engine::network
