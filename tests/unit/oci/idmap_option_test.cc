// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/idmap_option.h"

#include <gtest/gtest.h>

namespace dhow::oci {
namespace {

Linux in_user_namespace() {
    Linux linux_part;
    linux_part.uid_mappings = {{0, 1000, 1}, {1, 100000, 100}};
    linux_part.gid_mappings = {{0, UINT32_MAX - 1, 1}};
    return linux_part;
}

TEST(IdmapOption, TheLastOneCounts) {
    EXPECT_FALSE(idmap_value({}));
    EXPECT_FALSE(idmap_value({"rbind", "idmap", "uids=1", "xidmap=a", "idmapped=a"}));
    EXPECT_EQ(idmap_value({"idmap=a=b", "ro"}), "a=b");
    EXPECT_EQ(idmap_value({"idmap=a", "ridmap=b"}), "b");
    EXPECT_EQ(idmap_value({"ridmap="}), "");
}

TEST(IdmapOption, AbsoluteAndRelativeRanges) {
    const auto maps =
        parse_idmap("uids=0-5-1#@7-1-100#8-4294967294-1;gids=@3-0-1", in_user_namespace());
    ASSERT_TRUE(maps) << maps.error().message;
    const std::vector<IdMapping> uids = {{0, 5, 1}, {7, 100000, 100}, {8, UINT32_MAX - 1, 1}};
    const std::vector<IdMapping> gids = {{3, UINT32_MAX - 1, 1}};
    EXPECT_EQ(maps->uids, uids);
    EXPECT_EQ(maps->gids, gids);
}

TEST(IdmapOption, NonsenseIsRefused) {
    for (const char* uids : {"",
                             "uids",
                             "uids=",
                             "uids=#",
                             "uids=1-2",
                             "uids=1-2-3-4",
                             "uids=1-2-0",
                             "uids=-1-2-3",
                             "uids=1--2",
                             "uids=1-2-3#",
                             "uids=@@1-0-1",
                             "uids=a-b-c",
                             "uids=4294967296-0-1",
                             "uids= 1-2-3",
                             "uids=@0-1-101",  // beyond the end of a line
                             "uids=@0-0-2",    // of two lines that are apart
                             "uids=@0-101-1",  // of no line
                             "uids=@0-4294967295-1",
                             "pids=1-2-3"}) {
        EXPECT_FALSE(parse_idmap(std::string(uids) + ";gids=0-0-1", in_user_namespace())) << uids;
    }
    EXPECT_FALSE(parse_idmap("uids=0-0-1", in_user_namespace())) << "and the groups?";
    EXPECT_FALSE(parse_idmap("uids=@0-0-1;gids=0-0-1", Linux())) << "relative to nothing";
}

}  // namespace
}  // namespace dhow::oci
