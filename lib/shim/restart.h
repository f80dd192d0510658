// SPDX-License-Identifier: Apache-2.0
// The restart policy: whether, and after how long. Pure.
#pragma once

#include "base/process.h"
#include "shim/protocol.h"

#include <chrono>
#include <optional>

namespace dhow::shim {

class RestartDecider {
  public:
    RestartDecider(RestartKind kind, int max_retries) : kind_(kind), max_retries_(max_retries) {}

    // The delay before the next start, or nullopt to stay down. 100 ms at first, doubled each time
    // up to a minute, back to the beginning after a run of ten seconds (as Docker).
    std::optional<std::chrono::milliseconds> decide(const WaitStatus& end,
                                                    std::chrono::milliseconds ran_for);

    // `stop` was asked for: no restart, whatever the policy.
    void forbid() { forbidden_ = true; }

    [[nodiscard]] bool forbidden() const { return forbidden_; }

    [[nodiscard]] int count() const { return count_; }

  private:
    RestartKind kind_;
    int max_retries_;
    bool forbidden_ = false;
    int count_ = 0;
    std::chrono::milliseconds delay_{0};
};

}  // namespace dhow::shim
