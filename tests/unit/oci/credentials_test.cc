// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/process/credentials.h"

#include "base/file.h"
#include "oci/runtime/process/environment.h"
#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

std::vector<gid_t> groups() {
    std::vector<gid_t> list(64);
    list.resize(static_cast<size_t>(::getgroups(static_cast<int>(list.size()), list.data())));
    std::sort(list.begin(), list.end());
    return list;
}

TEST(Credentials, RlimitsAreSet) {
    test::in_own_process([] {
        rlimit now{};
        ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
        const auto set = set_rlimits({{.type = "RLIMIT_NOFILE", .soft = 64, .hard = 128},
                                      {.type = "RLIMIT_CORE", .soft = 0, .hard = 0}});
        ASSERT_TRUE(set) << set.error().message;
        ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
        EXPECT_EQ(now.rlim_cur, 64U);
        EXPECT_EQ(now.rlim_max, 128U);
        ASSERT_EQ(::getrlimit(RLIMIT_CORE, &now), 0);
        EXPECT_EQ(now.rlim_max, 0U);
    });
}

TEST(Credentials, RlimitsThatCannotBeAreErrors) {
    test::in_own_process([] {
        EXPECT_FALSE(set_rlimits({{.type = "NOFILE", .soft = 1, .hard = 1}}));
        EXPECT_FALSE(set_rlimits({{.type = "rlimit_nofile", .soft = 1, .hard = 1}}));
        EXPECT_FALSE(set_rlimits({{.type = "RLIMIT_NOFILE", .soft = 2, .hard = 1}}));
        const auto twice = set_rlimits({{.type = "RLIMIT_CORE", .soft = 0, .hard = 0},
                                        {.type = "RLIMIT_CORE", .soft = 0, .hard = 0}});
        ASSERT_FALSE(twice);
        EXPECT_NE(twice.error().message.find("duplicate"), std::string::npos);
    });
    EXPECT_EQ(known_rlimits().size(), size_t{RLIM_NLIMITS});
}

// CVE-2022-2989 and kin: the caller's groups are replaced, never kept.
TEST(Credentials, UserAndGroupsAreExactlyThose) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    test::in_own_process([] {
        const std::array<gid_t, 3> before = {4, 20, 0};
        ASSERT_EQ(::setgroups(before.size(), before.data()), 0);
        const auto set = set_user(
            {.uid = 2147483648, .gid = 4294967294, .umask = 0777077, .additional_gids = {7, 8}});
        ASSERT_TRUE(set) << set.error().message;
        uid_t real = 0;
        uid_t effective = 0;
        uid_t saved = 0;
        ASSERT_EQ(::getresuid(&real, &effective, &saved), 0);
        EXPECT_EQ(real, 2147483648U);
        EXPECT_EQ(effective, 2147483648U);
        EXPECT_EQ(saved, 2147483648U);
        ASSERT_EQ(::getresgid(&real, &effective, &saved), 0);
        EXPECT_EQ(real, 4294967294U);
        EXPECT_EQ(saved, 4294967294U);
        EXPECT_EQ(groups(), (std::vector<gid_t>{7, 8}));
        EXPECT_EQ(::umask(0), 077U);
        EXPECT_EQ(::prctl(PR_GET_KEEPCAPS), 0) << "a later exec must not keep capabilities";
        EXPECT_LT(::setuid(0), 0);
    });
}

TEST(Credentials, NoGroupsMeansNone) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    test::in_own_process([] {
        const std::array<gid_t, 2> before = {4, 20};
        ASSERT_EQ(::setgroups(before.size(), before.data()), 0);
        ASSERT_TRUE(set_user({.uid = 1000, .gid = 1000}));
        EXPECT_TRUE(groups().empty());
        EXPECT_EQ(::umask(0), 022U);
    });
}

TEST(Credentials, AnIdWithoutAPlaceIsAnError) {
    test::in_own_process([] {
        const std::string gid = std::to_string(::getegid());
        if (::unshare(CLONE_NEWUSER) != 0) return;  // nothing to test where there are none
        ASSERT_TRUE(write_existing_at(AT_FDCWD, "/proc/self/setgroups", "deny"));
        ASSERT_TRUE(write_existing_at(AT_FDCWD, "/proc/self/gid_map", "0 " + gid + " 1"));
        const auto set = set_user({.uid = 1, .gid = 1});
        ASSERT_FALSE(set);
        EXPECT_NE(set.error().message.find("become group 1"), std::string::npos);
        EXPECT_FALSE(set_user({.uid = 0, .gid = 0, .umask = {}, .additional_gids = {5}}));
    });
}

TEST(Credentials, SchedulingAndPersonality) {
    test::in_own_process([] {
        Process process;
        process.scheduler = Scheduler{.policy = "SCHED_BATCH", .nice = 5};
        process.io_priority = IoPriority{.klass = "IOPRIO_CLASS_BE", .priority = 6};
        const auto set = set_scheduling(process);
        ASSERT_TRUE(set) << set.error().message;
        EXPECT_EQ(::sched_getscheduler(0), SCHED_BATCH);
        EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), 5);
        EXPECT_EQ(::syscall(SYS_ioprio_get, 1, 0), (2 << 13) | 6);
        ASSERT_TRUE(set_personality({.domain = "LINUX32"}));
        EXPECT_EQ(::personality(0xffffffff), PER_LINUX32);
    });
}

TEST(Credentials, UnknownSchedulingIsAnError) {
    test::in_own_process([] {
        Process process;
        process.scheduler = Scheduler{.policy = "SCHED_NOSUCH"};
        EXPECT_FALSE(set_scheduling(process));
        process.scheduler = Scheduler{.policy = "SCHED_OTHER", .flags = {"SCHED_FLAG_NOSUCH"}};
        EXPECT_FALSE(set_scheduling(process));
        process.scheduler.reset();
        process.io_priority = IoPriority{.klass = "IOPRIO_CLASS_NOSUCH"};
        EXPECT_FALSE(set_scheduling(process));
        // A priority beyond its bits must not become another class.
        for (const int priority : {-1, 8, 1 << 13, INT32_MIN}) {
            process.io_priority = IoPriority{.klass = "IOPRIO_CLASS_BE", .priority = priority};
            EXPECT_FALSE(set_scheduling(process)) << priority;
        }
        EXPECT_EQ(::syscall(SYS_ioprio_get, 1, 0) >> 13, 0) << "as it was";
        EXPECT_FALSE(set_personality({.domain = "HPUX"}));
        EXPECT_FALSE(set_personality({.domain = "LINUX", .flags = {"ADDR_NO_RANDOMIZE"}}));
    });
}

TEST(Credentials, NoNewPrivilegesStays) {
    test::in_own_process([] {
        ASSERT_TRUE(set_no_new_privileges());
        EXPECT_EQ(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    });
}

TEST(Credentials, OomScore) {
    test::in_own_process([] {
        const auto before = oom_score_adj();
        ASSERT_TRUE(before);
        ASSERT_TRUE(set_oom_score_adj(900));
        EXPECT_EQ(oom_score_adj().take(), 900);
        EXPECT_FALSE(set_oom_score_adj(1001));
        EXPECT_FALSE(set_oom_score_adj(-1001));
        EXPECT_EQ(oom_score_adj().take(), 900);
    });
}

// Each of them as the container's /etc/passwd, on a tmpfs that is the root of a child.
class Passwd : public ::testing::Test {
  protected:
    static void in_root(const std::function<void()>& body) {
        test::in_own_mounts([&] {
            ASSERT_EQ(::mount("tmpfs", "/mnt", "tmpfs", 0, nullptr), 0);
            ASSERT_EQ(::chroot("/mnt"), 0);
            ASSERT_EQ(::chdir("/"), 0);
            ASSERT_EQ(::mkdir("/etc", 0755), 0);
            body();
        });
    }
};

TEST_F(Passwd, HomeIsTheUsers) {
    in_root([] {
        EXPECT_EQ(home_of(0), "/") << "no file";
        test::write_file("/etc/passwd",
                         "root:x:0:0:root:/root:/bin/sh\n"
                         "bad:x:+5:5::/plus:/bin/sh\n"
                         "bad:x:05x:5::/x:/bin/sh\n"
                         "wrap:x:4294967301:5::/wrapped:/bin/sh\n"
                         "short:x:5:5\n"
                         "none:x:5:5:::/bin/sh\n"
                         "web:x:5:5::/home/web:/bin/sh\n"
                         "again:x:5:5::/second:/bin/sh");
        EXPECT_EQ(home_of(0), "/root");
        EXPECT_EQ(home_of(5), "/home/web");
        EXPECT_EQ(home_of(6), "/");
        EXPECT_EQ(home_of(UINT32_MAX), "/");
    });
}

// CVE-2026-55686 and kin: what the image put there is never waited for, nor read without end.
TEST_F(Passwd, HostileFilesAreNoFile) {
    in_root([] {
        ASSERT_EQ(::mkfifo("/etc/passwd", 0666), 0);
        EXPECT_EQ(home_of(0), "/");
        ASSERT_EQ(::unlink("/etc/passwd"), 0);
        ASSERT_EQ(::mkdir("/etc/passwd", 0755), 0);
        EXPECT_EQ(home_of(0), "/");
        ASSERT_EQ(::rmdir("/etc/passwd"), 0);
        ASSERT_EQ(::symlink("/etc/passwd", "/etc/passwd"), 0);
        EXPECT_EQ(home_of(0), "/");
        ASSERT_EQ(::unlink("/etc/passwd"), 0);
        test::write_file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
        ASSERT_EQ(::truncate("/etc/passwd", 10LL << 30), 0);
        EXPECT_EQ(home_of(0), "/");
        ASSERT_EQ(::truncate("/etc/passwd", 30), 0);
        EXPECT_EQ(home_of(0), "/root");
    });
}

}  // namespace
}  // namespace dhow::oci
