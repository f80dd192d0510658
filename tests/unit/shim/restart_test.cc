// SPDX-License-Identifier: Apache-2.0
#include "shim/restart.h"

#include <gtest/gtest.h>

namespace dhow::shim {
namespace {

using namespace std::chrono_literals;

constexpr WaitStatus kSuccess{WaitStatus::Kind::Exited, 0};
constexpr WaitStatus kFailure{WaitStatus::Kind::Exited, 1};
constexpr WaitStatus kKilled{WaitStatus::Kind::Signaled, 9};
constexpr WaitStatus kUnknown{};

TEST(Restart, PolicyDecides) {
    for (const auto& end : {kSuccess, kFailure, kKilled, kUnknown}) {
        EXPECT_FALSE(RestartDecider(RestartKind::No, 0).decide(end, 0ms));
        EXPECT_TRUE(RestartDecider(RestartKind::Always, 0).decide(end, 0ms));
        EXPECT_TRUE(RestartDecider(RestartKind::UnlessStopped, 0).decide(end, 0ms));
        EXPECT_EQ(RestartDecider(RestartKind::OnFailure, 0).decide(end, 0ms).has_value(),
                  !end.success());
    }
}

TEST(Restart, TheDelayDoublesUpToAMinute) {
    RestartDecider decider(RestartKind::Always, 0);
    for (const auto wanted : {100ms,
                              200ms,
                              400ms,
                              800ms,
                              1600ms,
                              3200ms,
                              6400ms,
                              12800ms,
                              25600ms,
                              51200ms,
                              60000ms,
                              60000ms}) {
        EXPECT_EQ(decider.decide(kFailure, 9999ms), wanted);
    }
    for (int i = 0; i < 10'000; ++i) EXPECT_EQ(decider.decide(kFailure, 0ms), 60'000ms);
    EXPECT_EQ(decider.count(), 10'012);
}

TEST(Restart, AStableRunBeginsAnew) {
    RestartDecider decider(RestartKind::Always, 0);
    decider.decide(kFailure, 0ms);
    decider.decide(kFailure, 0ms);
    EXPECT_EQ(decider.decide(kSuccess, 10'000ms), 100ms);
    EXPECT_EQ(decider.decide(kSuccess, 10ms), 200ms);
    EXPECT_EQ(decider.count(), 4);
}

TEST(Restart, TriesAreCounted) {
    RestartDecider decider(RestartKind::OnFailure, 2);
    EXPECT_TRUE(decider.decide(kFailure, 0ms));
    EXPECT_TRUE(decider.decide(kKilled, 0ms));
    EXPECT_FALSE(decider.decide(kFailure, 0ms));
    EXPECT_EQ(decider.count(), 2);
    RestartDecider unbounded(RestartKind::OnFailure, 0);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(unbounded.decide(kFailure, 0ms));
    // The bound is on-failure's alone.
    RestartDecider always(RestartKind::Always, 1);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(always.decide(kFailure, 0ms));
}

TEST(Restart, AStopIsTheLastWord) {
    RestartDecider decider(RestartKind::Always, 0);
    EXPECT_FALSE(decider.forbidden());
    decider.decide(kFailure, 0ms);
    decider.forbid();
    EXPECT_TRUE(decider.forbidden());
    EXPECT_FALSE(decider.decide(kFailure, 0ms));
    EXPECT_EQ(decider.count(), 1);
}

}  // namespace
}  // namespace dhow::shim
