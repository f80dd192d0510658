// SPDX-License-Identifier: Apache-2.0
// remove_tree_at() on trees as a hostile container leaves them.
#include "base/file.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <functional>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow {
namespace {

using test::TempDir;

int in_child(const std::function<int()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(body());
    int status = 0;
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid) return 255;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// As an ordinary user where this is root: permissions mean nothing to root.
int unprivileged(const TempDir& dir, const std::function<int()>& body) {
    constexpr uid_t kSomebody = 4'000'123;
    if (::geteuid() == 0 && ::chown(dir.path().c_str(), kSomebody, kSomebody) != 0) return 254;
    return in_child([&] {
        if (::geteuid() == 0 && ::setresuid(kSomebody, kSomebody, kSomebody) != 0) return 253;
        return body();
    });
}

TEST(RemoveTree, AMissingTreeIsSuccess) {
    const TempDir dir;
    EXPECT_TRUE(remove_tree_at(dir.fd(), "nothing"));
}

TEST(RemoveTree, RemovesFilesFoldersFifosAndSockets) {
    const TempDir dir;
    ASSERT_TRUE(make_dirs(dir / "t/a/b/c"));
    ASSERT_TRUE(make_dirs(dir / "t/a/empty"));
    dir.write("t/a/b/file", "x", 0000);
    ASSERT_EQ(::mkfifo((dir / "t/a/fifo").c_str(), 0600), 0);
    ASSERT_TRUE(remove_tree_at(dir.fd(), "t"));
    EXPECT_TRUE(list_dir_at(dir.fd(), ".")->empty());
    dir.write("file", "x");
    EXPECT_TRUE(remove_tree_at(dir.fd(), "file"));
    EXPECT_TRUE(list_dir_at(dir.fd(), ".")->empty());
}

TEST(RemoveTree, SymbolicLinksAreRemovedAndNotFollowed) {
    const TempDir dir;
    ASSERT_TRUE(make_dirs(dir / "outside/inner"));
    dir.write("outside/file", "precious");
    ASSERT_TRUE(make_dirs(dir / "t"));
    ASSERT_EQ(::symlink("../outside", (dir / "t/relative").c_str()), 0);
    ASSERT_EQ(::symlink((dir / "outside").c_str(), (dir / "t/absolute").c_str()), 0);
    ASSERT_EQ(::symlink("..", (dir / "t/up").c_str()), 0);
    ASSERT_TRUE(remove_tree_at(dir.fd(), "t"));
    EXPECT_EQ(dir.read("outside/file"), "precious");
    EXPECT_TRUE(exists_at(dir.fd(), "outside/inner"));

    ASSERT_EQ(::symlink("outside", (dir / "top").c_str()), 0);
    ASSERT_TRUE(remove_tree_at(dir.fd(), "top"));
    EXPECT_FALSE(exists_at(dir.fd(), "top"));
    EXPECT_EQ(dir.read("outside/file"), "precious");
}

TEST(RemoveTree, GivesBackPermissionsItNeeds) {
    const TempDir dir;
    EXPECT_EQ(unprivileged(dir,
                           [&] {
                               if (!make_dirs(dir / "t/closed/inner")) return 1;
                               if (!make_dirs(dir / "t/read_only/inner")) return 2;
                               if (!make_dirs(dir / "t/write_only")) return 3;
                               ::chmod((dir / "t/closed/inner").c_str(), 0000);
                               ::chmod((dir / "t/closed").c_str(), 0000);
                               ::chmod((dir / "t/read_only").c_str(), 0500);
                               ::chmod((dir / "t/write_only").c_str(), 0200);
                               ::chmod((dir / "t").c_str(), 0500);
                               return remove_tree_at(dir.fd(), "t") ? 0 : 4;
                           }),
              0);
    EXPECT_FALSE(exists_at(dir.fd(), "t"));
}

// Nothing but the tree's own folders may get other permissions.
TEST(RemoveTree, NeverChangesAModeThroughALink) {
    const TempDir dir;
    ASSERT_TRUE(make_dirs(dir / "outside"));
    ASSERT_EQ(::chmod((dir / "outside").c_str(), 0555), 0);
    ASSERT_TRUE(make_dirs(dir / "t"));
    ASSERT_EQ(::symlink("../outside", (dir / "t/link").c_str()), 0);
    ASSERT_TRUE(remove_tree_at(dir.fd(), "t"));

    struct stat st {};

    ASSERT_EQ(::stat((dir / "outside").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777U, 0555U);
}

// `while true; do mkdir d; cd d; done` must not make a container that cannot be removed.
TEST(RemoveTree, DepthCostsNeitherDescriptorsNorStack) {
    const TempDir dir;
    constexpr int kDepth = 700;
    UniqueFd at = make_dir_at(dir.fd(), "t").take();
    for (int i = 0; i < kDepth; ++i) {
        if (i % 50 == 0) {
            ASSERT_TRUE(open_at(at.get(), "file", O_WRONLY | O_CREAT, 0600));
            ASSERT_EQ(::mkdirat(at.get(), "side", 0700), 0);
        }
        auto next = make_dir_at(at.get(), "d");
        ASSERT_TRUE(next) << i;
        at = next.take();
    }
    at.reset();
    EXPECT_EQ(in_child([&] {
                  const rlimit few{.rlim_cur = 256, .rlim_max = 256};
                  ::setrlimit(RLIMIT_NOFILE, &few);
                  return remove_tree_at(dir.fd(), "t") ? 0 : 1;
              }),
              0);
    EXPECT_FALSE(exists_at(dir.fd(), "t"));
}

TEST(RemoveTree, ManyEntries) {
    const TempDir dir;
    const auto folder = make_dir_at(dir.fd(), "t");
    ASSERT_TRUE(folder);
    for (int i = 0; i < 500; ++i) {
        ASSERT_TRUE(open_at(folder->get(), std::to_string(i), O_WRONLY | O_CREAT, 0600));
    }
    EXPECT_TRUE(remove_tree_at(dir.fd(), "t"));
    EXPECT_FALSE(exists_at(dir.fd(), "t"));
}

TEST(RemoveTree, StopsAtWhatIsMounted) {
    const TempDir dir;
    ASSERT_TRUE(make_dirs(dir / "t/m"));
    const int code = in_child([&] {
        const bool root = ::geteuid() == 0;
        const std::string uids = "0 " + std::to_string(::geteuid()) + " 1";
        const std::string gids = "0 " + std::to_string(::getegid()) + " 1";
        const auto put = [&](const char* file, const std::string& text) {
            return root || write_existing_at(AT_FDCWD, file, text);
        };
        if (::unshare(root ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
            !put("/proc/self/uid_map", uids) || !put("/proc/self/setgroups", "deny") ||
            !put("/proc/self/gid_map", gids) ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("tmpfs", (dir / "t/m").c_str(), "tmpfs", 0, nullptr) != 0) {
            return 77;
        }
        // Opened here: a descriptor from before still sees the mounts of before.
        const auto here = open_dir_at(AT_FDCWD, dir.path());
        if (!here || !open_at(here->get(), "t/m/precious", O_WRONLY | O_CREAT, 0600)) return 4;
        const auto removed = remove_tree_at(here->get(), "t");
        if (removed) return 1;
        if (removed.error().kind != ErrorKind::Conflict) return 2;
        return exists_at(here->get(), "t/m/precious") ? 0 : 3;
    });
    if (code == 77) GTEST_SKIP() << "no mount namespace to be had";
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace dhow
