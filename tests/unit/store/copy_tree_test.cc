// SPDX-License-Identifier: Apache-2.0
// A tree copied with all that belongs to it, and nothing that does not.
#include "store/copy_tree.h"

#include "tests/unit/store/tree_fixture.h"

#include <sys/sysmacros.h>
#include <sys/time.h>

namespace dhow::store {
namespace {

class CopyTree : public TreeTest {
  protected:
    void SetUp() override {
        TreeTest::SetUp();
        ASSERT_TRUE(make_dirs(path("from"), 0755));
        ASSERT_TRUE(make_dirs(path("to"), 0700));
    }

    void file(const std::string& name, std::string_view text, mode_t mode = 0644) {
        ASSERT_TRUE(replace_file_at(AT_FDCWD, path("from/" + name), text, 0600, Durability::None));
        ASSERT_EQ(::chmod(path("from/" + name).c_str(), mode), 0);
    }

    void set_time(const std::string& name, time_t seconds) {
        const timespec times[2] = {{seconds, 5}, {seconds + 1, 7}};
        ASSERT_EQ(::utimensat(AT_FDCWD, path("from/" + name).c_str(), times, AT_SYMLINK_NOFOLLOW),
                  0);
    }

    Status copy() {
        const auto from = TRY(open_at(AT_FDCWD, path("from"), O_PATH | O_DIRECTORY));
        const auto to = TRY(open_at(AT_FDCWD, path("to"), O_PATH | O_DIRECTORY));
        return copy_tree(from.get(), to.get());
    }

    void expect_copied() {
        const auto copied = copy();
        EXPECT_TRUE(copied) << copied.error().message;
    }
};

TEST_F(CopyTree, FilesFoldersLinksAndPipes) {
    ASSERT_TRUE(make_dirs(path("from/d/e"), 0750));
    file("d/f", std::string("a\0b", 3), 0640);
    file("exec", "x", 04711);
    file("empty", "", 0400);
    ASSERT_EQ(::symlink("d/f", path("from/s").c_str()), 0);
    ASSERT_EQ(::symlink("/nowhere/at all", path("from/dangling").c_str()), 0);
    ASSERT_EQ(::mkfifo(path("from/p").c_str(), 0620), 0);
    expect_copied();
    EXPECT_EQ(text_of("to/d/f"), std::string("a\0b", 3));
    EXPECT_EQ(mode_of("to/d/f"), 0640U);
    EXPECT_EQ(mode_of("to/exec"), 04711U);
    EXPECT_EQ(mode_of("to/empty"), 0400U);
    EXPECT_EQ(mode_of("to/d"), 0750U);
    EXPECT_EQ(type_of("to/d/e"), mode_t{S_IFDIR});
    EXPECT_EQ(link_of("to/s"), "d/f");
    EXPECT_EQ(link_of("to/dangling"), "/nowhere/at all");
    EXPECT_EQ(type_of("to/p"), mode_t{S_IFIFO});
    EXPECT_EQ(mode_of("to/p"), 0620U);
    EXPECT_EQ(list_dir_at(AT_FDCWD, path("to"))->size(), 6U);
}

TEST_F(CopyTree, TheFolderItselfIsDressed) {
    ASSERT_EQ(::chmod(path("from").c_str(), 01775), 0);
    set_time(".", 1000);
    expect_copied();
    EXPECT_EQ(mode_of("to"), 01775U);
    EXPECT_EQ(stat_of("to")->st_mtim.tv_sec, 1001);
}

TEST_F(CopyTree, TimesOfEverything) {
    ASSERT_TRUE(make_dirs(path("from/d"), 0755));
    file("d/f", "x");
    ASSERT_EQ(::symlink("x", path("from/d/s").c_str()), 0);
    for (const char* name : {"d/f", "d/s", "d"}) set_time(name, 100'000);
    expect_copied();
    for (const char* name : {"to/d/f", "to/d/s", "to/d"}) {
        EXPECT_EQ(stat_of(name)->st_mtim.tv_sec, 100'001) << name;
        EXPECT_EQ(stat_of(name)->st_mtim.tv_nsec, 7) << name;
    }
}

TEST_F(CopyTree, OwnersAreKept) {
    if (!is_root()) GTEST_SKIP() << "only root gives files away";
    file("f", "x");
    ASSERT_EQ(::lchown(path("from/f").c_str(), 123, 456), 0);
    ASSERT_EQ(::chmod(path("from/f").c_str(), 06755), 0);
    ASSERT_EQ(::symlink("x", path("from/s").c_str()), 0);
    ASSERT_EQ(::lchown(path("from/s").c_str(), 7, 8), 0);
    expect_copied();
    EXPECT_EQ(stat_of("to/f")->st_uid, 123U);
    EXPECT_EQ(stat_of("to/f")->st_gid, 456U);
    EXPECT_EQ(mode_of("to/f"), 06755U);
    EXPECT_EQ(stat_of("to/s")->st_uid, 7U);
}

TEST_F(CopyTree, HardLinksStayLinks) {
    ASSERT_TRUE(make_dirs(path("from/d"), 0755));
    file("a", "x");
    ASSERT_EQ(::link(path("from/a").c_str(), path("from/d/b").c_str()), 0);
    ASSERT_EQ(::symlink("a", path("from/s").c_str()), 0);
    ASSERT_EQ(::link(path("from/s").c_str(), path("from/d/t").c_str()), 0);
    // One more name that is not in the tree: the copy has two.
    ASSERT_EQ(::link(path("from/a").c_str(), path("outside").c_str()), 0);
    expect_copied();
    EXPECT_EQ(stat_of("to/a")->st_ino, stat_of("to/d/b")->st_ino);
    EXPECT_NE(stat_of("to/a")->st_ino, stat_of("from/a")->st_ino);
    EXPECT_EQ(stat_of("to/a")->st_nlink, 2U);
    EXPECT_EQ(stat_of("to/s")->st_ino, stat_of("to/d/t")->st_ino);
}

TEST_F(CopyTree, HolesStayHoles) {
    file("sparse", "begin");
    const auto fd = open_at(AT_FDCWD, path("from/sparse"), O_WRONLY);
    ASSERT_TRUE(fd);
    constexpr off_t kFar = 64 << 20;
    ASSERT_EQ(::pwrite(fd->get(), "middle", 6, kFar), 6);
    ASSERT_EQ(::ftruncate(fd->get(), 2 * kFar), 0);
    expect_copied();
    const auto copied = stat_of("to/sparse");
    ASSERT_TRUE(copied);
    EXPECT_EQ(copied->st_size, 2 * kFar);
    EXPECT_LT(copied->st_blocks * 512, 1 << 20);
    const auto target = open_at(AT_FDCWD, path("to/sparse"), O_RDONLY);
    ASSERT_TRUE(target);
    char text[7] = {};
    ASSERT_EQ(::pread(target->get(), text, 6, kFar), 6);
    EXPECT_STREQ(text, "middle");
    ASSERT_EQ(::pread(target->get(), text, 6, 0), 6);
    EXPECT_STREQ(text, "begin");
}

TEST_F(CopyTree, AttributesThatAreContent) {
    file("f", "x");
    const std::string from = path("from/f");
    if (::setxattr(from.c_str(), "user.kept", "v", 1, 0) != 0) GTEST_SKIP() << "no attributes";
    ASSERT_EQ(::setxattr(from.c_str(), "user.empty", "", 0, 0), 0);
    ASSERT_EQ(::setxattr(from.c_str(), "user.overlay.opaque", "y", 1, 0), 0);
    ASSERT_EQ(::setxattr(path("from").c_str(), "user.of-folder", "w", 1, 0), 0);
    if (is_root()) {
        EXPECT_EQ(::setxattr(from.c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
        EXPECT_EQ(::setxattr(from.c_str(), "trusted.x", "y", 1, 0), 0);
    }
    expect_copied();
    EXPECT_EQ(xattr_of("to/f", "user.kept"), "v");
    EXPECT_EQ(xattr_of("to/f", "user.empty"), "");
    EXPECT_EQ(xattr_of("to", "user.of-folder"), "w");
    for (const char* dropped : {"user.overlay.opaque", "trusted.overlay.opaque", "trusted.x"}) {
        EXPECT_FALSE(xattr_of("to/f", dropped)) << dropped;
    }
}

TEST_F(CopyTree, FileCapabilitiesSurviveTheOwner) {
    if (!is_root()) GTEST_SKIP() << "capabilities are root's to give";
    file("f", "x", 0755);
    ASSERT_EQ(::lchown(path("from/f").c_str(), 12, 34), 0);
    // Version 2, effective, CAP_NET_BIND_SERVICE permitted.
    constexpr unsigned char kNetBind[20] = {1, 0, 0, 2, 0, 4};
    ASSERT_EQ(::setxattr(path("from/f").c_str(), "security.capability", kNetBind, 20, 0), 0);
    expect_copied();
    EXPECT_EQ(xattr_of("to/f", "security.capability"),
              std::string(reinterpret_cast<const char*>(kNetBind), 20));
}

TEST_F(CopyTree, DeviceNodes) {
    const dev_t null = makedev(1, 3);
    if (!is_root() || ::mknod(path("from/null").c_str(), S_IFCHR | 0640, null) != 0) {
        GTEST_SKIP() << "no device nodes here";
    }
    expect_copied();
    EXPECT_EQ(stat_of("to/null")->st_rdev, null);
    EXPECT_EQ(mode_of("to/null"), 0640U);
}

// CVE-2019-14271 and its kin: a link of the image's leads out of it.
TEST_F(CopyTree, LinksAreNeverFollowed) {
    ASSERT_EQ(::symlink((folder() + "/guard").c_str(), path("from/file").c_str()), 0);
    ASSERT_EQ(::symlink(folder().c_str(), path("from/folder").c_str()), 0);
    expect_copied();
    EXPECT_EQ(type_of("to/file"), mode_t{S_IFLNK});
    EXPECT_EQ(type_of("to/folder"), mode_t{S_IFLNK});
}

TEST_F(CopyTree, EntriesInTheWayAreAnError) {
    file("f", "new");
    ASSERT_EQ(::symlink((folder() + "/guard").c_str(), path("to/f").c_str()), 0);
    auto copied = copy();
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().kind, ErrorKind::AlreadyExists);
    ASSERT_EQ(::unlink(path("to/f").c_str()), 0);
    ASSERT_TRUE(make_dirs(path("from/d"), 0755));
    ASSERT_EQ(::symlink(folder().c_str(), path("to/d").c_str()), 0);
    copied = copy();
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().kind, ErrorKind::AlreadyExists);
}

TEST_F(CopyTree, NamesOfAnyBytes) {
    const std::string name = "\x1b[31m \n\xff'\"";
    file(name, "x");
    expect_copied();
    EXPECT_EQ(text_of("to/" + name), "x");
    const auto again = copy();
    ASSERT_FALSE(again) << "it is in the way now";
    for (const char c : again.error().message) EXPECT_TRUE(c >= ' ' && c <= '~');
}

// Deeper than anybody needs: an error, and no descriptor left open.
TEST_F(CopyTree, FoldersWithoutEnd) {
    auto at = open_dir_at(AT_FDCWD, path("from"));
    for (int depth = 0; depth < 600; ++depth) {
        ASSERT_TRUE(at);
        at = make_dir_at(at->get(), "d", 0755);
    }
    const size_t before = list_dir_at(AT_FDCWD, "/proc/self/fd")->size();
    const auto copied = copy();
    ASSERT_FALSE(copied);
    EXPECT_LT(copied.error().message.size(), 3000U) << "the place is told once";
    EXPECT_EQ(list_dir_at(AT_FDCWD, "/proc/self/fd")->size(), before);
}

}  // namespace
}  // namespace dhow::store
