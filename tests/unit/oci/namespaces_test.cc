// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/namespaces/namespaces.h"

#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <array>

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace dhow::oci {
namespace {

Namespace fresh(NamespaceType type) {
    return {.type = type, .path = ""};
}

constexpr std::array<NamespaceType, 8> kAll = {NamespaceType::Pid,
                                               NamespaceType::Network,
                                               NamespaceType::Mount,
                                               NamespaceType::Ipc,
                                               NamespaceType::Uts,
                                               NamespaceType::User,
                                               NamespaceType::Cgroup,
                                               NamespaceType::Time};

TEST(Namespaces, NamesAndFlags) {
    const std::array<std::string_view, 8> names = {
        "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"};
    const std::array<std::string_view, 8> proc = {
        "pid", "net", "mnt", "ipc", "uts", "user", "cgroup", "time"};
    const std::array<uint64_t, 8> flags = {CLONE_NEWPID,
                                           CLONE_NEWNET,
                                           CLONE_NEWNS,
                                           CLONE_NEWIPC,
                                           CLONE_NEWUTS,
                                           CLONE_NEWUSER,
                                           CLONE_NEWCGROUP,
                                           CLONE_NEWTIME};
    for (size_t i = 0; i < kAll.size(); ++i) {
        EXPECT_EQ(namespace_name(kAll.at(i)), names.at(i));
        EXPECT_EQ(namespace_proc_name(kAll.at(i)), proc.at(i));
        EXPECT_EQ(namespace_flag(kAll.at(i)), flags.at(i));
    }
}

TEST(Namespaces, NewOnesBecomeFlagsOfTheClone) {
    std::vector<Namespace> wanted;
    for (const auto type : kAll) wanted.push_back(fresh(type));
    const auto plan = plan_namespaces(wanted);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->clone_flags,
              uint64_t{CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS |
                       CLONE_NEWUSER})
        << "cgroup and time are made later";
    EXPECT_TRUE(plan->new_cgroup);
    EXPECT_TRUE(plan->new_time);
    EXPECT_TRUE(plan->joins.empty());
    for (const auto type : kAll) EXPECT_TRUE(plan->has_new(type));
    const auto none = plan_namespaces({});
    ASSERT_TRUE(none);
    EXPECT_EQ(none->clone_flags, 0U);
    for (const auto type : kAll) EXPECT_FALSE(none->has_new(type));
    EXPECT_FALSE(none->needs_stage());
}

TEST(Namespaces, ATypeComesOnce) {
    for (const auto type : kAll) {
        EXPECT_FALSE(plan_namespaces({fresh(type), fresh(type)}));
        const std::string path = std::string("/proc/self/ns/") + namespace_proc_name(type);
        EXPECT_FALSE(plan_namespaces({fresh(type), {.type = type, .path = path}}));
    }
}

TEST(Namespaces, ExistingOnesAreVerified) {
    for (const auto type : kAll) {
        const std::string path = std::string("/proc/self/ns/") + namespace_proc_name(type);
        if (::access(path.c_str(), F_OK) != 0) continue;  // a kernel without that type
        const auto plan = plan_namespaces({{.type = type, .path = path}});
        ASSERT_TRUE(plan) << plan.error().message;
        ASSERT_EQ(plan->joins.size(), 1U);
        EXPECT_EQ(plan->joins[0].type, type);
        EXPECT_FALSE(plan->has_new(type));
        EXPECT_EQ(::fcntl(plan->joins[0].fd.get(), F_GETFD), FD_CLOEXEC);
        const auto other = type == NamespaceType::Uts ? NamespaceType::Ipc : NamespaceType::Uts;
        EXPECT_FALSE(plan_namespaces({{.type = other, .path = path}})) << path;
    }
}

TEST(Namespaces, AFileThatIsNoneIsRefusedAndNeverWaitedFor) {
    const test::TemporaryFolder folder;
    const std::string fifo = folder.path() + "/fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    for (const std::string& path : {fifo,
                                    folder.path(),
                                    std::string("/dev/null"),
                                    std::string("/no/such"),
                                    std::string("proc/self/ns/uts")}) {
        EXPECT_FALSE(plan_namespaces({{.type = NamespaceType::Uts, .path = path}})) << path;
    }
}

TEST(Namespaces, WhenAStageIsNeeded) {
    const auto needs = [](std::vector<Namespace> wanted) {
        return plan_namespaces(wanted)->needs_stage();
    };
    const Namespace net{.type = NamespaceType::Network, .path = "/proc/self/ns/net"};
    EXPECT_FALSE(needs({fresh(NamespaceType::Pid), fresh(NamespaceType::User)}));
    EXPECT_FALSE(needs({fresh(NamespaceType::Pid), net}));
    EXPECT_TRUE(needs({net, fresh(NamespaceType::User)})) << "lost behind the new user namespace";
    EXPECT_TRUE(needs({{.type = NamespaceType::Pid, .path = "/proc/self/ns/pid"}}));
    EXPECT_TRUE(needs({{.type = NamespaceType::User, .path = "/proc/self/ns/user"}}));
    EXPECT_TRUE(needs({fresh(NamespaceType::Time)}));
}

TEST(Namespaces, JoinsAreEntered) {
    test::in_own_mounts([] {
        const auto plan =
            plan_namespaces({{.type = NamespaceType::Uts, .path = "/proc/self/ns/uts"}});
        ASSERT_TRUE(plan);

        struct stat before {};

        struct stat now {};

        ASSERT_EQ(::stat("/proc/self/ns/uts", &before), 0);
        ASSERT_EQ(::unshare(CLONE_NEWUTS), 0);
        const auto entered = enter_joins(plan->joins);
        if (!entered) return;  // the old one is of a user namespace above ours
        ASSERT_EQ(::stat("/proc/self/ns/uts", &now), 0);
        EXPECT_EQ(before.st_ino, now.st_ino);
    });
}

TEST(Namespaces, ClocksAreThoseOfTheSpec) {
    EXPECT_TRUE(write_time_offsets({}));
    for (const char* clock : {"realtime", "", "monotonic\nboottime", "MONOTONIC"}) {
        EXPECT_FALSE(write_time_offsets({{clock, {}}})) << clock;
    }
    test::in_own_mounts([] {
        if (::unshare(CLONE_NEWTIME) != 0) return;
        const auto written = write_time_offsets({{"boottime", {.secs = 1000, .nanosecs = 7}},
                                                 {"monotonic", {.secs = 2000, .nanosecs = 0}}});
        ASSERT_TRUE(written) << written.error().message;
        const std::string text = test::read_file("/proc/self/timens_offsets");
        EXPECT_NE(text.find("1000"), std::string::npos) << text;
        EXPECT_NE(text.find("2000"), std::string::npos) << text;
    });
}

}  // namespace
}  // namespace dhow::oci
