// SPDX-License-Identifier: Apache-2.0
// The mounts, devices and masks of a container on a tmpfs at /mnt, in a mount namespace of the
// test's own; what the image may have put in their way is there.
#include "oci/runtime/mounts/mounts.h"

#include "base/file.h"
#include "oci/runtime/mounts/masked_paths.h"
#include "rootless/paths.h"
#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

using test::read_file;
using test::write_file;

// A root at /mnt/root and what lies outside of it.
struct Ground {
    Ground() {
        EXPECT_EQ(::mount("tmpfs", "/mnt", "tmpfs", 0, nullptr), 0);
        for (const char* name :
             {"/mnt/root", "/mnt/root/proc", "/mnt/outside", "/mnt/bundle", "/mnt/bundle/data"}) {
            EXPECT_EQ(::mkdir(name, 0755), 0);
        }
        write_file("/mnt/bundle/data/file", "content");
        root = std::make_unique<RootDir>(RootDir::open("/mnt/root").take());
    }

    [[nodiscard]] Result<PendingMounts> mount(const std::vector<Mount>& mounts) const {
        MountContext context{*root, bundle, cgroup, false, {}};
        return mount_all(context, mounts);
    }

    [[nodiscard]] std::string verdict(const std::vector<Mount>& mounts) const {
        const auto mounted = mount(mounts);
        return mounted ? "ok" : mounted.error().message;
    }

    std::unique_ptr<RootDir> root;
    std::string bundle = "/mnt/bundle";
    ContainerCgroup cgroup;
};

Mount bind(const char* source, const char* to, std::vector<std::string> options = {}) {
    options.insert(options.begin(), "rbind");
    return {.destination = to, .type = "bind", .source = source, .options = std::move(options)};
}

Mount tmpfs(const char* to, std::vector<std::string> options = {}) {
    return {.destination = to, .type = "tmpfs", .source = "tmpfs", .options = std::move(options)};
}

unsigned long flags_of(const char* path) {
    struct statvfs fs {};

    EXPECT_EQ(::statvfs(path, &fs), 0) << path;
    return fs.f_flag;
}

bool is_empty(const char* folder) {
    const auto names = list_dir_at(AT_FDCWD, folder);
    return names && names->empty();
}

TEST(Mounts, APlaceIsMadeForEach) {
    test::in_own_mounts([] {
        const Ground ground;
        EXPECT_EQ(ground.verdict({bind("data", "/a/b"),
                                  bind("data/file", "/c/d"),
                                  bind("/mnt/bundle/data/file", "/top"),
                                  tmpfs("/a/b/../t")}),
                  "ok");
        EXPECT_EQ(read_file("/mnt/root/a/b/file"), "content");
        EXPECT_EQ(read_file("/mnt/root/c/d"), "content");
        EXPECT_EQ(read_file("/mnt/root/top"), "content");
        EXPECT_TRUE(is_empty("/mnt/root/a/t"));
        EXPECT_NE(ground.verdict({bind("data", "/top")}).find("is not a folder"),
                  std::string::npos);
        EXPECT_NE(ground.verdict({bind("nosuch", "/n")}).find("no such file"), std::string::npos);
        for (const char* to : {"", "relative", "../x", "./x"}) {
            EXPECT_NE(ground.verdict({tmpfs(to)}).find("not absolute"), std::string::npos) << to;
        }
    });
}

TEST(Mounts, OptionsAreThoseOfThatMountAlone) {
    test::in_own_mounts([] {
        const Ground ground;
        EXPECT_EQ(ground.verdict({bind("data", "/ro", {"ro", "nosuid"}),
                                  bind("data", "/rw"),
                                  tmpfs("/t", {"nodev", "noexec", "mode=0700", "size=64k"})}),
                  "ok");
        EXPECT_EQ(flags_of("/mnt/root/ro") & (ST_RDONLY | ST_NOSUID), ST_RDONLY | ST_NOSUID);
        EXPECT_EQ(flags_of("/mnt/root/rw") & (ST_RDONLY | ST_NOSUID), 0U);
        EXPECT_EQ(flags_of("/mnt/bundle/data") & ST_RDONLY, 0U) << "the source is as it was";
        EXPECT_EQ(flags_of("/mnt/root/t") & (ST_NODEV | ST_NOEXEC), ST_NODEV | ST_NOEXEC);

        struct stat st {};

        ASSERT_EQ(::stat("/mnt/root/t", &st), 0);
        EXPECT_EQ(st.st_mode & 07777U, 0700U);
        EXPECT_NE(ground.verdict({tmpfs("/u", {"nosuchoption=1"})}), "ok");
        EXPECT_EQ(ground.verdict({{.destination = "/ro", .options = {"remount", "bind", "rw"}}}),
                  "ok");
        EXPECT_EQ(flags_of("/mnt/root/ro") & (ST_RDONLY | ST_NOSUID), 0U + ST_NOSUID);
    });
}

TEST(Mounts, RecursiveOptionsReachWhatIsBelow) {
    test::in_own_mounts([] {
        const Ground ground;
        ASSERT_EQ(::mkdir("/mnt/bundle/data/sub", 0755), 0);
        ASSERT_EQ(::mount("tmpfs", "/mnt/bundle/data/sub", "tmpfs", 0, nullptr), 0);
        EXPECT_EQ(ground.verdict({bind("data", "/plain", {"ro"}),
                                  bind("data", "/deep", {"rro"}),
                                  {.destination = "/flat", .source = "data", .options = {"bind"}}}),
                  "ok");
        EXPECT_EQ(flags_of("/mnt/root/plain") & ST_RDONLY, 0U + ST_RDONLY);
        EXPECT_EQ(flags_of("/mnt/root/plain/sub") & ST_RDONLY, 0U);
        EXPECT_EQ(flags_of("/mnt/root/deep/sub") & ST_RDONLY, 0U + ST_RDONLY);
        write_file("/mnt/bundle/data/sub/inner", "x");
        EXPECT_EQ(read_file("/mnt/root/plain/sub/inner"), "x");
        EXPECT_EQ(read_file("/mnt/root/flat/sub/inner"), "(unreadable)") << "bind is not rbind";
    });
}

TEST(Mounts, AReadOnlyTmpfsIsFilledFirst) {
    test::in_own_mounts([] {
        const Ground ground;
        ASSERT_EQ(::mkdir("/mnt/root/etc", 0750), 0);
        write_file("/mnt/root/etc/passwd", "root", 0640);
        ASSERT_EQ(::symlink("/mnt/outside", "/mnt/root/etc/link"), 0);
        ASSERT_EQ(::mkfifo("/mnt/root/etc/fifo", 0600), 0);
        auto pending =
            ground.mount({tmpfs("/etc", {"tmpcopyup", "ro"}), bind("data/file", "/etc/f")});
        ASSERT_TRUE(pending) << pending.error().message;
        EXPECT_EQ(flags_of("/mnt/root/etc") & ST_RDONLY, 0U) << "mounts go into it";
        ASSERT_TRUE(finish_mounts(*pending));
        EXPECT_EQ(flags_of("/mnt/root/etc") & ST_RDONLY, 0U + ST_RDONLY);
        EXPECT_EQ(read_file("/mnt/root/etc/passwd"), "root");
        EXPECT_EQ(read_link_at(AT_FDCWD, "/mnt/root/etc/link").take(), "/mnt/outside");
        EXPECT_FALSE(exists_at(AT_FDCWD, "/mnt/root/etc/fifo"));

        struct stat st {};

        ASSERT_EQ(::stat("/mnt/root/etc", &st), 0);
        EXPECT_EQ(st.st_mode & 07777U, 0750U);
        ASSERT_EQ(::stat("/mnt/root/etc/passwd", &st), 0);
        EXPECT_EQ(st.st_mode & 07777U, 0640U);
    });
}

// CVE-2021-30465: a link of the image stays within the image.
TEST(Mounts, LinksOfTheImageLeadNowhere) {
    test::in_own_mounts([] {
        const Ground ground;
        ASSERT_EQ(::symlink("/mnt/outside", "/mnt/root/absolute"), 0);
        ASSERT_EQ(::symlink("../../../../../../mnt/outside", "/mnt/root/upwards"), 0);
        ASSERT_EQ(::symlink("loop", "/mnt/root/loop"), 0);
        ASSERT_EQ(::symlink("/mnt/outside/made", "/mnt/root/file"), 0);
        for (const char* to : {"/absolute/x", "/upwards/y", "/../../mnt/outside/z"}) {
            ignore(ground.mount({bind("data", to)}), "where it lands is what counts");
        }
        ignore(ground.mount({bind("data/file", "/file")}), "where it lands is what counts");
        EXPECT_NE(ground.verdict({bind("data", "/loop")}), "ok");
        EXPECT_TRUE(is_empty("/mnt/outside"));
    });
}

// CVE-2019-19921, CVE-2023-28642
TEST(Mounts, KernelFileSystemsGoOverRealFoldersAlone) {
    test::in_own_mounts([] {
        const Ground ground;
        ASSERT_EQ(::symlink("/proc", "/mnt/root/link"), 0);
        const auto proc = [](const char* to) {
            return Mount{.destination = to, .type = "proc", .source = "proc", .options = {}};
        };
        EXPECT_NE(ground.verdict({proc("/link")}), "ok");
        EXPECT_FALSE(exists_at(AT_FDCWD, "/mnt/root/proc/self"));
        if (rootless::in_user_namespace()) return;  // procfs wants a pid namespace of its own there
        EXPECT_EQ(ground.verdict({proc("/proc")}), "ok");
    });
}

TEST(Mounts, NothingHidesFilesOfProc) {
    test::in_own_mounts([] {
        const Ground ground;
        ASSERT_EQ(ground.verdict({bind("/proc", "/proc")}), "ok");
        for (const char* to : {"/proc/self/attr", "/proc/sys", "/proc/1", "/proc/../proc/self"}) {
            EXPECT_NE(ground.verdict({tmpfs(to)}), "ok") << to;
        }
        for (const char* to : {"/proc/version", "/proc/self/status", "/proc/./uptime"}) {
            EXPECT_NE(ground.verdict({bind("data/file", to)}).find("inside /proc"),
                      std::string::npos)
                << to;
        }
        EXPECT_EQ(ground.verdict({bind("data/file", "/proc/uptime")}), "ok") << "lxcfs";
        EXPECT_EQ(read_file("/mnt/root/proc/uptime"), "content");
    });
}

TEST(Mounts, SourcesOfTheParentAreUsed) {
    test::in_own_mounts([] {
        const Ground ground;
        const std::vector<Mount> mounts = {tmpfs("/t"),
                                           bind("data", "/d"),
                                           bind("nosuch", "/n"),
                                           {.destination = "/d", .options = {"bind", "remount"}}};
        auto sources = open_bind_sources(ground.bundle, ground.bundle + "/rootfs", mounts);
        ASSERT_TRUE(sources);
        ASSERT_EQ(sources->size(), mounts.size());
        EXPECT_FALSE((*sources)[0]);
        EXPECT_TRUE((*sources)[1]);
        EXPECT_FALSE((*sources)[2]) << "the child's attempt tells the error";
        EXPECT_FALSE((*sources)[3]);
        // The name may be gone by the time the child comes: the tree is what counts.
        ASSERT_EQ(::rename("/mnt/bundle/data", "/mnt/bundle/moved"), 0);
        MountContext context{*ground.root, ground.bundle, ground.cgroup, false, sources.take()};
        EXPECT_TRUE(mount_all(context, {mounts[0], mounts[1]}));
        EXPECT_EQ(read_file("/mnt/root/d/file"), "content");
    });
}

TEST(Mounts, IdMappedOnesAreRefusedNotIgnored) {
    test::in_own_mounts([] {
        const Ground ground;
        EXPECT_NE(ground.verdict({bind("data", "/d", {"idmap"})}), "ok");
        auto mapped = bind("data", "/d");
        mapped.uid_mappings = {{0, 1, 1}};
        EXPECT_NE(ground.verdict({mapped}), "ok");
    });
}

TEST(MaskedPaths, FilesAreTheNullDeviceFoldersAreEmpty) {
    test::in_own_mounts([] {
        const Ground ground;
        ASSERT_EQ(::mkdir("/mnt/root/secret", 0755), 0);
        write_file("/mnt/root/secret/file", "secret");
        write_file("/mnt/root/key", "secret");
        ASSERT_EQ(::symlink("/mnt/outside", "/mnt/root/away"), 0);
        // The second of each kind is covered by a copy of the first cover.
        ASSERT_EQ(::mkdir("/mnt/root/second", 0755), 0);
        write_file("/mnt/root/second/file", "secret");
        write_file("/mnt/root/other-key", "secret");
        auto null = clone_null_device();
        ASSERT_TRUE(null) << null.error().message;
        const std::vector<std::string> paths = {
            "/secret", "/key", "/not/there", "/key/below", "/away", "/second", "/other-key"};
        const auto masked = mask_paths(*ground.root, paths, null.take());
        ASSERT_TRUE(masked) << masked.error().message;
        EXPECT_TRUE(is_empty("/mnt/root/secret"));
        EXPECT_TRUE(is_empty("/mnt/root/second"));
        EXPECT_EQ(flags_of("/mnt/root/second") & ST_RDONLY, 0U + ST_RDONLY);
        struct stat other {};

        ASSERT_EQ(::stat("/mnt/root/other-key", &other), 0);
        EXPECT_EQ(other.st_rdev, makedev(1, 3));
        EXPECT_EQ(flags_of("/mnt/root/secret") & ST_RDONLY, 0U + ST_RDONLY);

        struct stat st {};

        ASSERT_EQ(::stat("/mnt/root/key", &st), 0);
        EXPECT_TRUE(S_ISCHR(st.st_mode));
        EXPECT_EQ(st.st_rdev, makedev(1, 3));
        ASSERT_EQ(::mkdir("/mnt/outside/still-writable", 0755), 0);
    });
}

// CVE-2025-31133: a /dev/null of another's making would be mounted over what it leads to.
TEST(MaskedPaths, AnotherNullDeviceIsRefused) {
    test::in_own_mounts([] {
        const Ground ground;
        ASSERT_EQ(::mkdir("/mnt/root/dev", 0755), 0);
        write_file("/mnt/root/dev/null", "not a device");
        write_file("/mnt/root/other", "x");
        ASSERT_EQ(::chroot("/mnt/root"), 0);
        EXPECT_FALSE(clone_null_device());
        ASSERT_EQ(::unlink("/dev/null"), 0);
        EXPECT_FALSE(clone_null_device());
        ASSERT_EQ(::symlink("/other", "/dev/null"), 0);
        EXPECT_FALSE(clone_null_device());
    });
}

TEST(MaskedPaths, ReadOnlyPathsStayWhatTheyAre) {
    test::in_own_mounts([] {
        const Ground ground;
        ASSERT_EQ(::mkdir("/mnt/root/fixed", 0755), 0);
        write_file("/mnt/root/fixed/file", "content");
        ASSERT_EQ(::mkdir("/mnt/root/fixed/sub", 0755), 0);
        ASSERT_EQ(::mount("tmpfs", "/mnt/root/fixed/sub", "tmpfs", 0, nullptr), 0);
        const auto fixed = make_paths_readonly(*ground.root, {"/fixed", "/not/there"});
        ASSERT_TRUE(fixed) << fixed.error().message;
        EXPECT_EQ(read_file("/mnt/root/fixed/file"), "content");
        EXPECT_EQ(flags_of("/mnt/root/fixed") & ST_RDONLY, 0U + ST_RDONLY);
        EXPECT_EQ(flags_of("/mnt/root/fixed/sub") & ST_RDONLY, 0U + ST_RDONLY);
        EXPECT_EQ(flags_of("/mnt/root") & ST_RDONLY, 0U);
    });
}

}  // namespace
}  // namespace dhow::oci
