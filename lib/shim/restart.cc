// SPDX-License-Identifier: Apache-2.0
#include "shim/restart.h"

#include <algorithm>

namespace dhow::shim {

static constexpr std::chrono::milliseconds kFirstDelay(100);
static constexpr std::chrono::milliseconds kLongestDelay(60'000);
static constexpr std::chrono::milliseconds kStableRun(10'000);

std::optional<std::chrono::milliseconds> RestartDecider::decide(const WaitStatus& end,
                                                                std::chrono::milliseconds ran_for) {
    if (forbidden_ || kind_ == RestartKind::No) return std::nullopt;
    if (kind_ == RestartKind::OnFailure) {
        if (end.success()) return std::nullopt;
        if (max_retries_ > 0 && count_ >= max_retries_) return std::nullopt;
    }
    if (ran_for >= kStableRun) delay_ = std::chrono::milliseconds(0);
    delay_ = delay_.count() == 0 ? kFirstDelay : std::min(delay_ * 2, kLongestDelay);
    ++count_;
    return delay_;
}

}  // namespace dhow::shim
