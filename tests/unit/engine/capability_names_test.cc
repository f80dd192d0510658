// SPDX-License-Identifier: Apache-2.0
#include "engine/capability_names.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <sys/prctl.h>

namespace dhow::engine {
namespace {

std::vector<std::string> resolve(const std::vector<std::string>& add,
                                 const std::vector<std::string>& drop,
                                 bool privileged = false) {
    auto set = resolve_capabilities(add, drop, privileged);
    EXPECT_TRUE(set);
    return set ? set.take() : std::vector<std::string>{};
}

bool has(const std::vector<std::string>& set, const char* name) {
    return std::find(set.begin(), set.end(), name) != set.end();
}

TEST(Capabilities, ElevenByDefault) {
    const auto set = resolve({}, {});
    EXPECT_EQ(set.size(), 11U);
    EXPECT_FALSE(has(set, "CAP_NET_RAW"));
    EXPECT_FALSE(has(set, "CAP_SYS_ADMIN"));
}

TEST(Capabilities, SpellingsAreOne) {
    EXPECT_TRUE(has(resolve({"net_admin"}, {}), "CAP_NET_ADMIN"));
    EXPECT_TRUE(has(resolve({"CAP_NET_ADMIN"}, {}), "CAP_NET_ADMIN"));
    EXPECT_TRUE(has(resolve({"Cap_Net_Admin"}, {}), "CAP_NET_ADMIN"));
}

TEST(Capabilities, DropAllThenAddOne) {
    EXPECT_EQ(resolve({"CHOWN"}, {"ALL"}), std::vector<std::string>{"CAP_CHOWN"});
}

TEST(Capabilities, AddAllThenDropOne) {
    const auto set = resolve({"all"}, {"SYS_ADMIN"});
    EXPECT_FALSE(has(set, "CAP_SYS_ADMIN"));
    EXPECT_TRUE(has(set, "CAP_SYS_PTRACE"));
    EXPECT_GT(set.size(), 30U);
}

TEST(Capabilities, AllAreNoMoreThanTheCallerMayHandDown) {
    size_t bounding = 0;
    for (unsigned long i = 0; i < 64; ++i) {
        bounding += ::prctl(PR_CAPBSET_READ, i, 0UL, 0UL, 0UL) == 1 ? 1 : 0;
    }
    EXPECT_EQ(resolve({}, {}, true).size(), bounding);
}

TEST(Capabilities, DropAllLeavesNone) {
    EXPECT_TRUE(resolve({}, {"all"}).empty());
}

TEST(Capabilities, UnknownNamesAreRefused) {
    EXPECT_FALSE(resolve_capabilities({"CAP_ROOT"}, {}, false));
    EXPECT_FALSE(resolve_capabilities({}, {""}, false));
    EXPECT_FALSE(resolve_capabilities({"CHOWN "}, {}, false));
}

}  // namespace
}  // namespace dhow::engine
