// SPDX-License-Identifier: Apache-2.0
#include "rootless/id_map.h"

#include "rootless/subid.h"

#include <gtest/gtest.h>

namespace dhow::rootless {
namespace {

const User kAnna{.name = "anna", .uid = 1000, .gid = 1000};

TEST(SubIds, FindsRangesByNameAndByNumber) {
    const auto ranges = parse_subids("bob:1:5\nanna:100000:65536\n1000:300000:10\n", kAnna);
    EXPECT_EQ(ranges, (std::vector<SubIdRange>{{100000, 65536}, {300000, 10}}));
}

TEST(SubIds, IgnoresWhatIsMalformedForeignOrOverlapping) {
    EXPECT_TRUE(parse_subids("", kAnna).empty());
    EXPECT_TRUE(parse_subids("annabel:1:2\nann:1:2\n10000:1:2\n:1:2\n", kAnna).empty());
    EXPECT_TRUE(
        parse_subids("anna\nanna:1\nanna:1:\nanna::1\nanna:-1:5\nanna:1:0\n", kAnna).empty());
    EXPECT_TRUE(parse_subids("anna:1:2:3\nanna: 1:2\nanna:0x10:2\n", kAnna).empty());
    EXPECT_TRUE(
        parse_subids("anna:4294967295:1\nanna:99999999999:1\nanna:1:4294967295\n", kAnna).empty());
    const auto ranges = parse_subids("anna:100:10\nanna:105:10\nanna:110:1\n", kAnna);
    EXPECT_EQ(ranges, (std::vector<SubIdRange>{{100, 10}, {110, 1}}));
}

TEST(SubIds, ANamelessUserIsNotTheOwnerOfNamelessLines) {
    EXPECT_TRUE(parse_subids(":1:2\n", {.name = "", .uid = 7, .gid = 7}).empty());
}

TEST(SubIds, HasABound) {
    std::string text;
    for (int i = 1; i < 1000; ++i) text += "anna:" + std::to_string(i * 10) + ":1\n";
    EXPECT_EQ(parse_subids(text, kAnna).size(), 64U);
}

TEST(SubIds, ErrorNamesUserFileAndCommand) {
    const auto none = read_subids("/nonexistent/subuid", kAnna);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::NotFound);
    EXPECT_EQ(none.error().message, "user 'anna' has no subordinate ids in '/nonexistent/subuid'");
    EXPECT_EQ(none.error().fix,
              "run as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 anna");
}

TEST(IdMaps, OwnIdComesFirstThenTheRangesWithoutGaps) {
    const auto map = make_id_map(1000, {{100000, 65536}, {300000, 10}});
    EXPECT_EQ(map, (std::vector<IdMap>{{0, 1000, 1}, {1, 100000, 65536}, {65537, 300000, 10}}));
    EXPECT_EQ(map_arguments(map),
              (std::vector<std::string>{
                  "0", "1000", "1", "1", "100000", "65536", "65537", "300000", "10"}));
}

TEST(IdMaps, NeverMapsBeyondTheLastId) {
    const auto map =
        make_id_map(0, {{1, 4000000000U}, {4100000000U, 190000000U}, {4294000000U, 900000U}});
    uint64_t end = 0;
    for (const IdMap& line : map) end = uint64_t{line.container_id} + line.size;
    EXPECT_LE(end, 4294967295U);
}

TEST(IdMaps, TranslatesBothWays) {
    const auto map = make_id_map(1000, {{100000, 10}});
    EXPECT_EQ(to_host(map, 0), 1000U);
    EXPECT_EQ(to_host(map, 10), 100009U);
    EXPECT_EQ(to_host(map, 11), std::nullopt);
    EXPECT_EQ(to_container(map, 100009), 10U);
    EXPECT_EQ(to_container(map, 0), std::nullopt);
}

TEST(IdMaps, ReadsTheKernelsForm) {
    const auto map =
        parse_id_map("         0       1000          1\n         1     100000      65536\n");
    ASSERT_TRUE(map);
    EXPECT_EQ(*map, make_id_map(1000, {{100000, 65536}}));
    EXPECT_FALSE(parse_id_map("0 1\n"));
    EXPECT_FALSE(parse_id_map("0 1 2 3\n"));
    EXPECT_FALSE(parse_id_map("0 1 -2\n"));
    EXPECT_FALSE(parse_id_map("0 1 4294967296\n"));
}

}  // namespace
}  // namespace dhow::rootless
