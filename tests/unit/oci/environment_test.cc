// SPDX-License-Identifier: Apache-2.0
// The environment of a program: each name once.
#include "oci/runtime/process/environment.h"

#include <gtest/gtest.h>

namespace dhow::oci {
namespace {

using List = std::vector<std::string>;

TEST(Environment, TheLastEntryOfANameCounts) {
    EXPECT_EQ(without_duplicates({"A=1", "B=2", "A=3"}), (List{"B=2", "A=3"}));
    EXPECT_EQ(without_duplicates({"A=x=y", "AA=1", "A="}), (List{"AA=1", "A="}));
    EXPECT_EQ(without_duplicates({"BARE", "BARE=1"}), (List{"BARE=1"}));
    EXPECT_EQ(without_duplicates({}), List());
}

TEST(Environment, AnEmptyHomeIsNone) {
    Process process;
    process.env = {"HOME=/override", "HOME="};
    const auto env = environment_of(process);
    ASSERT_EQ(env.size(), 1U);
    EXPECT_NE(env[0], "HOME=");
    process.env = {"HOME=", "HOME=/override"};
    EXPECT_EQ(environment_of(process), (List{"HOME=/override"}));
}

}  // namespace
}  // namespace dhow::oci
