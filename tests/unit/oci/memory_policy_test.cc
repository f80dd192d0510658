// SPDX-License-Identifier: Apache-2.0
// linux.memoryPolicy: names, node lists, and what is refused before the kernel is asked.
#include "oci/runtime/process/memory_policy.h"

#include <gtest/gtest.h>

namespace dhow::oci {
namespace {

std::string refusal(const MemoryPolicy& policy) {
    const auto resolved = resolve_memory_policy(policy);
    return resolved ? std::string("accepted") : resolved.error().message;
}

TEST(MemoryPolicy, NodesBecomeAMask) {
    const auto policy = resolve_memory_policy(
        {.mode = "MPOL_BIND", .nodes = "0-2, 5,64", .flags = {"MPOL_F_STATIC_NODES"}});
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_EQ(policy->mode, 2 | (1 << 15));
    EXPECT_EQ(policy->nodes, (std::vector<unsigned long>{0x27, 1}));
    const auto none = resolve_memory_policy({.mode = "MPOL_DEFAULT"});
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->nodes.empty());
}

TEST(MemoryPolicy, RefusesWhatItDoesNotKnow) {
    EXPECT_NE(refusal({}).find("invalid memory policy mode"), std::string::npos);
    EXPECT_NE(refusal({.mode = "BIND"}).find("invalid memory policy mode \"BIND\""),
              std::string::npos);
    EXPECT_NE(refusal({.mode = "MPOL_BIND", .nodes = "0", .flags = {"x"}})
                  .find("invalid memory policy flag \"x\""),
              std::string::npos);
    for (const char* nodes : {"a", "1-", "-1", "2-1", "0-9876543210", "0-1024", "0,,1", "1-2-3"}) {
        EXPECT_NE(refusal({.mode = "MPOL_BIND", .nodes = nodes}).find("memory policy nodes"),
                  std::string::npos)
            << nodes;
    }
    EXPECT_NE(
        refusal({.mode = "MPOL_DEFAULT", .nodes = "0-7"}).find("mode requires 0 nodes but got 8"),
        std::string::npos);
}

TEST(MemoryPolicy, EveryNameIsKnown) {
    for (const std::string& mode : known_memory_policy_modes()) {
        EXPECT_EQ(refusal({.mode = mode}), "accepted") << mode;
    }
    for (const std::string& flag : known_memory_policy_flags()) {
        EXPECT_EQ(refusal({.mode = "MPOL_BIND", .nodes = "0", .flags = {flag}}), "accepted");
    }
}

}  // namespace
}  // namespace dhow::oci
