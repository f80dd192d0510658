// SPDX-License-Identifier: Apache-2.0
// /dev of a container on a tmpfs at /mnt, in a mount namespace of the test's own.
#include "oci/runtime/mounts/devices.h"

#include "base/file.h"
#include "rootless/paths.h"
#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <functional>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

void on_tmpfs(const std::function<void(const RootDir&, bool bind)>& body) {
    test::in_own_mounts([&] {
        ASSERT_EQ(::mount("tmpfs", "/mnt", "tmpfs", 0, nullptr), 0);
        ASSERT_EQ(::mkdir("/mnt/root", 0755), 0);
        ASSERT_EQ(::mkdir("/mnt/outside", 0755), 0);
        const auto root = RootDir::open("/mnt/root");
        ASSERT_TRUE(root);
        body(*root, rootless::in_user_namespace());
    });
}

std::string made(const RootDir& root, const std::vector<Device>& devices, bool bind) {
    const auto done = make_devices(root, devices, {.bind = bind});
    return done ? "ok" : done.error().message;
}

TEST(Devices, TheDefaultOnesAreThere) {
    on_tmpfs([](const RootDir& root, bool bind) {
        ::umask(077);
        ASSERT_EQ(made(root, {}, bind), "ok");
        const std::vector<std::pair<std::string, dev_t>> nodes = {{"null", makedev(1, 3)},
                                                                  {"zero", makedev(1, 5)},
                                                                  {"full", makedev(1, 7)},
                                                                  {"random", makedev(1, 8)},
                                                                  {"urandom", makedev(1, 9)},
                                                                  {"tty", makedev(5, 0)}};
        for (const auto& [name, number] : nodes) {
            struct stat st {};

            ASSERT_EQ(::lstat(("/mnt/root/dev/" + name).c_str(), &st), 0) << name;
            EXPECT_TRUE(S_ISCHR(st.st_mode)) << name;
            EXPECT_EQ(st.st_rdev, number) << name;
            EXPECT_EQ(st.st_mode & 0777U, 0666U) << name << ", whatever the umask";
        }
        EXPECT_EQ(read_link_at(AT_FDCWD, "/mnt/root/dev/stdin").take(), "/proc/self/fd/0");
        EXPECT_EQ(read_link_at(AT_FDCWD, "/mnt/root/dev/fd").take(), "/proc/self/fd");
        EXPECT_EQ(read_link_at(AT_FDCWD, "/mnt/root/dev/ptmx").take(), "pts/ptmx");
        if (bind) return;
        EXPECT_EQ(made(root, {}, bind), "ok") << "an image may bring them";
    });
}

TEST(Devices, ListedOnesHaveTheirOwnerAndMode) {
    on_tmpfs([](const RootDir& root, bool bind) {
        if (bind) return;  // nobody makes nodes in a user namespace
        ASSERT_EQ(made(root,
                       {{.path = "/dev/deep/er/fuse",
                         .type = "c",
                         .major = 10,
                         .minor = 229,
                         .file_mode = 0100640,
                         .uid = 5,
                         .gid = 6},
                        {.path = "/dev/disk", .type = "b", .major = 254, .minor = 1048575},
                        {.path = "/dev/pipe", .type = "p", .file_mode = 0600}},
                       bind),
                  "ok");

        struct stat st {};

        ASSERT_EQ(::lstat("/mnt/root/dev/deep/er/fuse", &st), 0);
        EXPECT_EQ(st.st_mode, S_IFCHR | 0640U) << "the type is not the mode's to say";
        EXPECT_EQ(st.st_rdev, makedev(10, 229));
        EXPECT_EQ(st.st_uid, 5U);
        EXPECT_EQ(st.st_gid, 6U);
        ASSERT_EQ(::lstat("/mnt/root/dev/disk", &st), 0);
        EXPECT_TRUE(S_ISBLK(st.st_mode));
        EXPECT_EQ(st.st_rdev, makedev(254, 1048575));
        ASSERT_EQ(::lstat("/mnt/root/dev/pipe", &st), 0);
        EXPECT_TRUE(S_ISFIFO(st.st_mode));
    });
}

TEST(Devices, NonsenseIsAnError) {
    on_tmpfs([](const RootDir& root, bool bind) {
        for (const char* path : {"", "dev/x", "/dev/", "/dev/.", "/dev/..", "/"}) {
            EXPECT_NE(made(root, {{.path = path, .type = "c", .major = 1, .minor = 3}}, bind), "ok")
                << path;
        }
        for (const char* type : {"", "x", "cc", "a"}) {
            EXPECT_NE(made(root, {{.path = "/dev/x", .type = type}}, bind), "ok") << type;
        }
    });
}

// A number cut to the kernel's width would be another device.
TEST(Devices, NumbersBeyondTheKernelsAreRefused) {
    on_tmpfs([](const RootDir& root, bool bind) {
        if (bind) return;
        for (const int64_t number :
             {int64_t{-1}, int64_t{1} << 32U, (int64_t{1} << 32U) + 1, INT64_MAX, INT64_MIN}) {
            EXPECT_NE(made(root, {{.path = "/dev/x", .type = "c", .major = number}}, bind), "ok")
                << number;
            EXPECT_NE(made(root, {{.path = "/dev/x", .type = "b", .minor = number}}, bind), "ok")
                << number;
        }
        EXPECT_FALSE(exists_at(AT_FDCWD, "/mnt/root/dev/x"));
    });
}

TEST(Devices, AnotherFileInThePlaceOfANodeIsAnError) {
    on_tmpfs([](const RootDir& root, bool bind) {
        if (bind) return;
        ASSERT_EQ(::mkdir("/mnt/root/dev", 0755), 0);
        test::write_file("/mnt/outside/file", "x");
        ASSERT_EQ(::symlink("/mnt/outside/file", "/mnt/root/dev/null"), 0);
        EXPECT_NE(made(root, {}, bind), "ok");
        EXPECT_EQ(test::read_file("/mnt/outside/file"), "x");
    });
}

// CVE-2026-41579: a /dev that is a link stays in the root, or the start fails.
TEST(Devices, ADevThatIsALinkLeadsNowhere) {
    for (const char* target :
         {"/mnt/outside", "../../../../mnt/outside", "dev", "/proc/self/cwd"}) {
        on_tmpfs([&](const RootDir& root, bool bind) {
            ASSERT_EQ(::symlink(target, "/mnt/root/dev"), 0);
            ignore(
                make_devices(root,
                             {{.path = "/dev/x", .type = "p"}, {.path = "/dev/../y", .type = "p"}},
                             {.bind = bind}),
                "where it lands is what counts");
            const auto names = list_dir_at(AT_FDCWD, "/mnt/outside");
            EXPECT_TRUE(names && names->empty()) << target;
        });
    }
}

TEST(Devices, WhoseDevItIs) {
    const Mount fresh{.destination = "/dev", .type = "tmpfs"};
    const Mount host{.destination = "/dev", .type = "bind", .source = "/dev"};
    const Mount slash{.destination = "/dev/", .type = "bind", .source = "/dev"};
    const Mount below{.destination = "/dev/shm", .type = "bind", .source = "/x"};
    EXPECT_TRUE(owns_dev({}));
    EXPECT_TRUE(owns_dev({fresh}));
    EXPECT_TRUE(owns_dev({below}));
    EXPECT_FALSE(owns_dev({host}));
    EXPECT_FALSE(owns_dev({slash}));
    EXPECT_FALSE(owns_dev({fresh, host})) << "the last one is on top";
    EXPECT_TRUE(owns_dev({host, fresh}));
}

}  // namespace
}  // namespace dhow::oci
