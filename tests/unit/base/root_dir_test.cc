// SPDX-License-Identifier: Apache-2.0
// RootDir against trees that want out.
#include "base/root_dir.h"

#include "base/file.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow {
namespace {

using Links = RootDir::Links;

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE (1 << 1)
#endif

// root/ is the tree; secret and outside/ lie beside it.
class RootDirTest : public testing::Test {
  protected:
    RootDirTest() {
        EXPECT_TRUE(make_dirs(dir_ / "root/etc"));
        EXPECT_TRUE(make_dirs(dir_ / "outside"));
        dir_.write("secret", "secret");
        dir_.write("root/secret", "inside");
        dir_.write("root/etc/passwd", "inside");
    }

    [[nodiscard]] RootDir root() const { return RootDir::open(dir_ / "root").take(); }

    void link(const std::string& target, const std::string& name) const {
        ASSERT_EQ(::symlink(target.c_str(), (dir_ / "root/").append(name).c_str()), 0);
    }

    [[nodiscard]] std::string read(const std::string& path) const {
        auto text = root().read_file(path, 100);
        return text ? text.take() : "(" + std::to_string(text.error().sys_errno) + ")";
    }

    test::TempDir dir_;
};

TEST_F(RootDirTest, DotsEndAtTheRoot) {
    EXPECT_EQ(read("../secret"), "inside");
    EXPECT_EQ(read("/../../../../secret"), "inside");
    EXPECT_EQ(read("etc/../../secret"), "inside");
    for (const char* path : {"../secret", "etc/../../secret"}) {
        EXPECT_EQ(root().open_at(path, O_RDONLY, 0, Links::Beneath).error().sys_errno, EXDEV);
        EXPECT_EQ(root().open_at(path, O_RDONLY, 0, Links::Refuse).error().sys_errno, EXDEV);
    }
    EXPECT_TRUE(root().open_at("/etc/../secret", O_RDONLY, 0, Links::Beneath));
}

TEST_F(RootDirTest, LinksMeanWhatAProcessInsideWouldSee) {
    link(dir_ / "secret", "absolute");
    link("/secret", "rooted");
    link("../secret", "up");
    link("../../../../../../secret", "far_up");
    link("etc", "folder");
    EXPECT_EQ(read("absolute"), "(2)");
    EXPECT_EQ(read("rooted"), "inside");
    EXPECT_EQ(read("up"), "inside");
    EXPECT_EQ(read("far_up"), "inside");
    EXPECT_EQ(read("folder/passwd"), "inside");

    for (const char* name : {"absolute", "rooted", "up", "far_up"}) {
        EXPECT_EQ(root().open_at(name, O_RDONLY, 0, Links::Beneath).error().sys_errno, EXDEV);
    }
    EXPECT_TRUE(root().open_at("folder/passwd", O_RDONLY, 0, Links::Beneath));
    for (const char* name : {"absolute", "rooted", "up", "folder", "folder/passwd"}) {
        EXPECT_EQ(root().open_at(name, O_RDONLY, 0, Links::Refuse).error().sys_errno, ELOOP);
    }
    EXPECT_TRUE(root().open_at("/etc/passwd", O_RDONLY, 0, Links::Refuse));
}

TEST_F(RootDirTest, LoopsEnd) {
    link("loop", "loop");
    link("b", "a");
    link("a", "b");
    EXPECT_EQ(read("loop"), "(" + std::to_string(ELOOP) + ")");
    EXPECT_EQ(read("a/x"), "(" + std::to_string(ELOOP) + ")");
    EXPECT_FALSE(root().make_dirs("a/x"));
}

// /proc/self/fd/N leads wherever the descriptor points: resolved by no path, so by no rule.
TEST_F(RootDirTest, MagicLinksAreRefused) {
    const auto secret = open_at(AT_FDCWD, dir_ / "secret", O_RDONLY);
    const auto proc = RootDir::open("/proc");
    ASSERT_TRUE(secret && proc);
    const std::string magic = "self/fd/" + std::to_string(secret->get());
    for (const Links links : {Links::InRoot, Links::Beneath, Links::Refuse}) {
        EXPECT_FALSE(proc->open_at(magic, O_RDONLY, 0, links));
        EXPECT_FALSE(proc->open_at("self/root/etc", O_RDONLY, 0, links));
        EXPECT_FALSE(proc->open_at("self/cwd", O_RDONLY, 0, links));
    }
}

TEST_F(RootDirTest, CreatesInsideOnly) {
    link(dir_ / "outside", "out");
    EXPECT_FALSE(root().open_at("out/new", O_WRONLY | O_CREAT, 0600));
    EXPECT_FALSE(root().open_at("out/new", O_WRONLY | O_CREAT, 0600, Links::Beneath));
    EXPECT_TRUE(list_dir_at(dir_.fd(), "outside")->empty());

    link(dir_ / "outside/made", "dangling");
    EXPECT_FALSE(root().open_at("dangling", O_WRONLY | O_CREAT | O_EXCL, 0600));
    EXPECT_TRUE(list_dir_at(dir_.fd(), "outside")->empty());

    const auto file = root().open_at("etc/new", O_WRONLY | O_CREAT | O_EXCL, 0640);
    ASSERT_TRUE(file);
    EXPECT_EQ(::fcntl(file->get(), F_GETFD), FD_CLOEXEC);
    EXPECT_TRUE(exists_at(dir_.fd(), "root/etc/new"));
}

TEST_F(RootDirTest, MakesFoldersWhereTheLinksOfTheRootLead) {
    link("/var", "v");
    ASSERT_TRUE(make_dirs(dir_ / "root/var"));
    ASSERT_TRUE(root().make_dirs("v/lib/x"));
    EXPECT_TRUE(exists_at(dir_.fd(), "root/var/lib/x"));
    ASSERT_TRUE(root().make_dirs("/v/lib/x/"));
    ASSERT_TRUE(root().make_dirs(""));
    ASSERT_TRUE(root().make_dirs("../../a//./b"));
    EXPECT_TRUE(exists_at(dir_.fd(), "root/a/b"));
    EXPECT_FALSE(exists_at(dir_.fd(), "a"));

    // A link that leads out of the root leads to the same place in it.
    link(dir_ / "outside", "out");
    ASSERT_TRUE(root().make_dirs("out/x"));
    EXPECT_TRUE(list_dir_at(dir_.fd(), "outside")->empty());
    EXPECT_TRUE(exists_at(dir_.fd(), "root" + (dir_ / "outside/x")));
    link("../../up", "above");
    ASSERT_TRUE(root().make_dirs("above/y"));
    EXPECT_TRUE(exists_at(dir_.fd(), "root/up/y"));
    link("round", "about");
    link("about", "round");
    EXPECT_FALSE(root().make_dirs("about/z"));
    EXPECT_FALSE(root().make_dirs("secret/x"));
    ASSERT_TRUE(root().make_dirs("missing/../../x"));
    EXPECT_TRUE(exists_at(dir_.fd(), "root/x"));
    EXPECT_FALSE(exists_at(dir_.fd(), "x"));
}

TEST_F(RootDirTest, ReadsRegularFilesWithinALimit) {
    EXPECT_TRUE(root().read_file("secret", 6));
    EXPECT_FALSE(root().read_file("secret", 5));
    ASSERT_EQ(::mkfifo((dir_ / "root/fifo").c_str(), 0600), 0);
    link("fifo", "to_fifo");
    for (const char* path : {"fifo", "to_fifo", "etc"}) {
        const auto text = root().read_file(path, 100);  // a FIFO nobody writes to: no wait
        ASSERT_FALSE(text);
        EXPECT_EQ(text.error().kind, ErrorKind::InvalidArgument) << path;
    }
    const auto dev = RootDir::open("/dev");
    ASSERT_TRUE(dev);
    EXPECT_FALSE(dev->read_file("zero", 100));
}

TEST_F(RootDirTest, ParentAndName) {
    const auto split = root().parent_of("/etc/passwd");
    ASSERT_TRUE(split);
    EXPECT_EQ(split->second, "passwd");
    EXPECT_TRUE(exists_at(split->first.get(), "passwd"));
    EXPECT_EQ(root().parent_of("etc/new/")->second, "new");
    EXPECT_EQ(root().parent_of("new")->second, "new");
    // The last component is the caller's to treat: a link there is not followed.
    link(dir_ / "outside", "out");
    EXPECT_TRUE(exists_at(root().parent_of("out")->first.get(), "secret"));
    EXPECT_FALSE(root().parent_of("out/x"));
    for (const char* path : {"", "/", "//", ".", "..", "etc/.", "etc/..", "/.."}) {
        EXPECT_FALSE(root().parent_of(path)) << path;
    }
}

TEST_F(RootDirTest, ErrorsShowHostileNamesHarmlessly) {
    const auto missing = root().open_at("no\x1b[2Jthing", O_RDONLY);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message.find('\x1b'), std::string::npos);
}

// Somebody swaps a folder for a link that leads out, all the time: no call ever gets there.
TEST_F(RootDirTest, ARaceByRenameIsNeverWon) {
    ASSERT_TRUE(make_dirs(dir_ / "root/swap"));
    dir_.write("root/swap/secret", "inside");
    ASSERT_TRUE(make_dirs(dir_ / "outside"));
    dir_.write("outside/secret", "secret");
    link("../outside", "other");
    const pid_t racer = ::fork();
    if (racer == 0) {
        const std::string a = dir_ / "root/swap";
        const std::string b = dir_ / "root/other";
        while (::getppid() != 1) {
            ::syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
        }
        ::_exit(0);
    }
    const RootDir tree = root();
    int inside = 0;
    for (int i = 0; i < 3000; ++i) {
        const auto text = tree.read_file("swap/../swap/secret", 100);
        if (text) {
            EXPECT_EQ(*text, "inside");
            ++inside;
        }
        const auto made = tree.open_at("swap/made", O_WRONLY | O_CREAT, 0600);
        ignore(made, "wherever it is, it is inside");
    }
    ::kill(racer, SIGKILL);
    int status = 0;
    ::waitpid(racer, &status, 0);
    EXPECT_GT(inside, 0);
    EXPECT_FALSE(exists_at(dir_.fd(), "outside/made"));
}

}  // namespace
}  // namespace dhow
