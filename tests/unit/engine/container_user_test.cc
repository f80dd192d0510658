// SPDX-License-Identifier: Apache-2.0
#include "engine/container_user.h"

#include "base/file.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::engine {
namespace {

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "broken line\n"
    "huge:x:4294967295:1::/:\n"
    "web:x:33:34:web:/srv/www:/bin/false\n"
    "1234:x:77:78::/numeric:\n"
    "relative:x:50:50::home:\n";
constexpr std::string_view kGroup =
    "root:x:0:\n"
    "adm:x:4:web,other\n"
    "video:x:44:web\n"
    "bad:x:notanumber:web\n";

TEST(ContainerUser, EmptyIsRootWithItsHome) {
    const auto user = find_user_in(kPasswd, kGroup, "");
    ASSERT_TRUE(user);
    EXPECT_EQ(user->uid, 0U);
    EXPECT_EQ(user->home, "/root");
}

TEST(ContainerUser, NameBringsGroupsAndHome) {
    const auto user = find_user_in(kPasswd, kGroup, "web");
    ASSERT_TRUE(user);
    EXPECT_EQ(user->uid, 33U);
    EXPECT_EQ(user->gid, 34U);
    EXPECT_EQ(user->home, "/srv/www");
    EXPECT_EQ(user->additional_gids, (std::vector<uint32_t>{34, 4, 44}));
}

TEST(ContainerUser, GroupOnTheCommandLineDropsTheOthers) {
    const auto user = find_user_in(kPasswd, kGroup, "web:video");
    ASSERT_TRUE(user);
    EXPECT_EQ(user->gid, 44U);
    EXPECT_EQ(user->additional_gids, (std::vector<uint32_t>{44}));
}

TEST(ContainerUser, NumberNeedsNoEntry) {
    const auto user = find_user_in(kPasswd, kGroup, "5000:6000");
    ASSERT_TRUE(user);
    EXPECT_EQ(user->uid, 5000U);
    EXPECT_EQ(user->gid, 6000U);
    EXPECT_EQ(user->home, "/");
}

TEST(ContainerUser, NumericNameWinsOverNumber) {
    const auto user = find_user_in(kPasswd, kGroup, "1234");
    ASSERT_TRUE(user);
    EXPECT_EQ(user->uid, 77U);
}

TEST(ContainerUser, RelativeHomeIsIgnored) {
    const auto user = find_user_in(kPasswd, kGroup, "relative");
    ASSERT_TRUE(user);
    EXPECT_EQ(user->home, "/");
}

class BadUser : public ::testing::TestWithParam<const char*> {};

TEST_P(BadUser, IsRefused) {
    const auto user = find_user_in(kPasswd, kGroup, GetParam());
    ASSERT_FALSE(user) << GetParam();
    EXPECT_EQ(user.error().kind, ErrorKind::NotFound);
    EXPECT_FALSE(user.error().fix.empty());
}

INSTANTIATE_TEST_SUITE_P(All,
                         BadUser,
                         ::testing::Values("nobody-here",
                                           "-1",
                                           "4294967295",
                                           "4294967296",
                                           "0x0",
                                           "huge",
                                           " 0",
                                           "0 ",
                                           "+0",
                                           "1e3",
                                           "web:nogroup",
                                           "web:-1",
                                           "web:4294967295",
                                           "web:bad",
                                           "root\n",
                                           "../root"));

TEST(ContainerUser, PasswdAsFifoOrLinkOutsideIsNotFollowed) {
    char folder[] = "/tmp/dhow-user-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    const std::string root(folder);
    ASSERT_EQ(::mkdir((root + "/etc").c_str(), 0755), 0);
    ASSERT_EQ(::mkfifo((root + "/etc/passwd").c_str(), 0644), 0);
    auto rootfs = RootDir::open(root);
    ASSERT_TRUE(rootfs);
    EXPECT_FALSE(find_container_user(*rootfs, "root"));  // and does not hang
    ASSERT_EQ(::unlink((root + "/etc/passwd").c_str()), 0);
    ASSERT_EQ(::symlink("/../../../../etc/passwd", (root + "/etc/passwd").c_str()), 0);
    // In the root, "/etc/passwd" points at itself: never the host's file.
    EXPECT_FALSE(find_container_user(*rootfs, "root"));
    ASSERT_TRUE(remove_tree_at(AT_FDCWD, root));
}

}  // namespace
}  // namespace dhow::engine
