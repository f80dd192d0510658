// SPDX-License-Identifier: Apache-2.0
#include "engine/names.h"

#include "base/text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace dhow::engine {
namespace {

TEST(Names, IdsAreLongHexadecimalAndNeverReadAsNumbers) {
    std::set<std::string> seen;
    for (int i = 0; i < 2000; ++i) {
        const std::string id = new_container_id();
        ASSERT_EQ(id.size(), 64U);
        ASSERT_TRUE(is_hex(id));
        EXPECT_TRUE(std::any_of(id.begin(), id.begin() + 12, [](char c) { return c > '9'; }));
        EXPECT_TRUE(seen.insert(id).second);
    }
}

TEST(Names, MadeUpNamesAreValidAndMany) {
    std::set<std::string> seen;
    for (int i = 0; i < 500; ++i) {
        const std::string name = random_container_name();
        EXPECT_TRUE(check_container_name(name)) << name;
        EXPECT_EQ(std::count(name.begin(), name.end(), '_'), 1) << name;
        seen.insert(name);
    }
    EXPECT_GT(seen.size(), 400U);
}

TEST(Names, WhatAUserMayChoose) {
    for (const std::string& name :
         {std::string("a"), std::string("Web-1.x_y"), std::string("0"), std::string(128, 'n')}) {
        EXPECT_TRUE(check_container_name(name)) << name;
    }
    using namespace std::string_literals;
    for (const std::string& name : {""s,
                                    "-a"s,
                                    ".a"s,
                                    "_a"s,
                                    ".."s,
                                    "a/b"s,
                                    "a b"s,
                                    "a:b"s,
                                    "\u00e9"s,
                                    "a\0"s,
                                    "a\n"s,
                                    std::string(129, 'n')}) {
        const auto checked = check_container_name(name);
        ASSERT_FALSE(checked) << name;
        EXPECT_EQ(checked.error().kind, ErrorKind::InvalidArgument);
        EXPECT_EQ(checked.error().message.find('\n'), std::string::npos);
    }
}

}  // namespace
}  // namespace dhow::engine
