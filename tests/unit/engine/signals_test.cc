// SPDX-License-Identifier: Apache-2.0
#include "engine/signals.h"

#include <gtest/gtest.h>

#include <csignal>

namespace dhow::engine {
namespace {

TEST(Signals, NamesAndNumbers) {
    EXPECT_EQ(*parse_signal("TERM"), SIGTERM);
    EXPECT_EQ(*parse_signal("SIGKILL"), SIGKILL);
    EXPECT_EQ(*parse_signal("sigusr1"), SIGUSR1);
    EXPECT_EQ(*parse_signal("9"), SIGKILL);
    EXPECT_EQ(*parse_signal("RTMIN+3"), SIGRTMIN + 3);
    EXPECT_EQ(*parse_signal("SIGRTMAX-1"), SIGRTMAX - 1);
    EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
}

TEST(Signals, NonsenseIsRefused) {
    for (const char* text :
         {"", "0", "65", "-9", "TERMINATE", "RTMIN-1", "RTMAX+1", "RTMIN+99", "SIG", "9 "}) {
        EXPECT_FALSE(parse_signal(text)) << text;
    }
}

}  // namespace
}  // namespace dhow::engine
