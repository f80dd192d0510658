// SPDX-License-Identifier: Apache-2.0
// The last steps of a container's process, in forked children that go almost all the way.
#include "oci/runtime/process/payload.h"

#include "base/file.h"
#include "tests/support/own_mounts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

std::set<int> open_descriptors(int limit) {
    std::set<int> found;
    for (int fd = 0; fd < limit; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) found.insert(fd);
    }
    return found;
}

void open_at_numbers(const std::vector<int>& numbers) {
    UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const UniqueFd far(::fcntl(null.get(), F_DUPFD_CLOEXEC, 4500));
    null.reset();  // its number may be one of those
    for (const int fd : numbers) ASSERT_EQ(::dup3(far.get(), fd, O_CLOEXEC), fd);
}

// CVE-2024-21626: nothing of the host's stays open.
TEST(Payload, ForeignDescriptorsAreClosed) {
    test::in_own_process([] {
        open_at_numbers({3, 4, 5, 20, 21, 22, 300, 4000});
        close_foreign({}, {});
        EXPECT_EQ(open_descriptors(5000), (std::set<int>{0, 1, 2}));
    });
}

TEST(Payload, PreservedAndKeptOnesStay) {
    test::in_own_process([] {
        open_at_numbers({3, 4, 5, 20, 21, 22, 300});
        close_foreign({3, 4}, {300, 21, -1});
        EXPECT_EQ(open_descriptors(1000), (std::set<int>{0, 1, 2, 3, 4, 21, 300}));
        EXPECT_EQ(::fcntl(3, F_GETFD), 0) << "they survive the exec";
        EXPECT_EQ(::fcntl(4, F_GETFD), 0);
        EXPECT_EQ(::fcntl(21, F_GETFD), FD_CLOEXEC) << "the set-up's own do not";
        close_foreign({}, {3});
        EXPECT_EQ(open_descriptors(1000), (std::set<int>{0, 1, 2, 3}));
    });
}

Process sample() {
    Process process;
    process.args = {"sh", "-c", "true"};
    process.env = {"PATH=/usr/bin:/bin", "A=1"};
    process.cwd = "/";
    process.user = {.uid = ::geteuid(), .gid = ::getegid()};
    return process;
}

// An ordinary user cannot change groups: those tests become root of a user namespace.
Result<Payload> prepare(const Process& process) {
    auto sync = make_sync_pair().take();
    PayloadPlan plan{.process = process, .container_id = "c1", .new_keyring = false};
    return prepare_payload(plan, sync.child);
}

TEST(Payload, IsFoundWithItsEnvironment) {
    test::in_own_mounts([] {
        const auto payload = prepare(sample());
        ASSERT_TRUE(payload) << payload.error().message;
        EXPECT_TRUE(payload->executable.ends_with("/bin/sh")) << payload->executable;
        ASSERT_EQ(payload->env.size(), 3U);
        EXPECT_EQ(payload->env[0], "PATH=/usr/bin:/bin");
        EXPECT_TRUE(payload->env[2].starts_with("HOME=/"));
        EXPECT_TRUE(payload->late_filter.empty());
        EXPECT_EQ(::getsid(0), ::getpid()) << "a session of its own";
    });
}

TEST(Payload, AHomeThatWasGivenStays) {
    test::in_own_mounts([] {
        Process process = sample();
        process.env.emplace_back("HOME=/elsewhere");
        const auto payload = prepare(process);
        ASSERT_TRUE(payload);
        EXPECT_EQ(payload->env, process.env);
        process.env.back() = "HOME=";
        const auto empty = prepare(process);
        ASSERT_TRUE(empty);
        EXPECT_EQ(empty->env.back(), "HOME=/root") << "as runc has it";
    });
}

TEST(Payload, SignalsAreAsAFreshProgramExpectsThem) {
    test::in_own_mounts([] {
        ::signal(SIGPIPE, SIG_IGN);
        ::signal(SIGUSR1, SIG_IGN);
        sigset_t all;
        ::sigfillset(&all);
        ::sigprocmask(SIG_BLOCK, &all, nullptr);
        ASSERT_TRUE(prepare(sample()));
        const std::string status = test::read_file("/proc/self/status");
        EXPECT_NE(status.find("SigBlk:\t0000000000000000"), std::string::npos);
        EXPECT_NE(status.find("SigIgn:\t0000000000000000"), std::string::npos);
    });
}

TEST(Payload, LimitsAndPrivilegesAreTaken) {
    test::in_own_mounts([] {
        Process process = sample();
        process.no_new_privileges = true;
        process.rlimits = {{.type = "RLIMIT_CORE", .soft = 0, .hard = 0}};
        process.capabilities = Capabilities{
            .bounding = {"CAP_CHOWN"}, .effective = {"CAP_CHOWN"}, .permitted = {"CAP_CHOWN"}};
        process.user.umask = 027;
        const auto payload = prepare(process);
        ASSERT_TRUE(payload) << payload.error().message;
        EXPECT_EQ(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
        const std::string status = test::read_file("/proc/self/status");
        for (const char* line : {"CapEff:\t0000000000000001",
                                 "CapPrm:\t0000000000000001",
                                 "CapBnd:\t0000000000000001",
                                 "CapInh:\t0000000000000000",
                                 "CapAmb:\t0000000000000000"}) {
            EXPECT_NE(status.find(line), std::string::npos) << line;
        }
        EXPECT_EQ(::umask(0), 027U);
    });
}

TEST(Payload, AnotherUserHoldsNothing) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    test::in_own_process([] {
        Process process = sample();
        process.user = {.uid = 1234, .gid = 1235, .umask = {}, .additional_gids = {7}};
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
        const UniqueFd host(::open("/dev/null", O_RDWR | O_CLOEXEC));
        const int stderr_copy = ::dup(2);
        ASSERT_EQ(::dup2(pipe[1], 2), 2);
        const auto payload = prepare(process);
        ::dup2(stderr_copy, 2);
        ASSERT_TRUE(payload) << payload.error().message;
        EXPECT_EQ(::geteuid(), 1234U);
        EXPECT_EQ(::getegid(), 1235U);
        const std::string status = test::read_file("/proc/self/status");
        EXPECT_NE(status.find("CapEff:\t0000000000000000"), std::string::npos);

        struct stat st {};

        ASSERT_EQ(::fstat(pipe[1], &st), 0);
        EXPECT_EQ(st.st_uid, 1234U) << "it may reopen /dev/stderr";
        ASSERT_EQ(::fstat(host.get(), &st), 0);
        EXPECT_EQ(st.st_uid, 0U) << "a device of the host changes no hands (CVE-2026-88265)";
    });
}

// CVE-2024-21626: a working directory that leads out of the root, by a descriptor left open.
TEST(Payload, AWorkingDirectoryOutsideIsRefused) {
    test::in_own_mounts([] {
        ASSERT_EQ(::mount("tmpfs", "/mnt", "tmpfs", 0, nullptr), 0);
        for (const char* folder : {"/mnt/proc", "/mnt/usr", "/mnt/inside"}) {
            ASSERT_EQ(::mkdir(folder, 0755), 0);
        }
        ASSERT_EQ(::mount("/proc", "/mnt/proc", nullptr, MS_BIND | MS_REC, nullptr), 0);
        const UniqueFd outside(::open("/usr", O_PATH | O_DIRECTORY | O_CLOEXEC));
        ASSERT_EQ(::chroot("/mnt"), 0);
        Process process = sample();
        process.args = {"/proc/self/exe"};
        process.cwd = fd_path(outside.get());
        const auto refused = prepare(process);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message.find("outside of the container"), std::string::npos)
            << refused.error().message;
        process.cwd = "/nosuch";
        EXPECT_FALSE(prepare(process));
        process.cwd = "/inside";
        EXPECT_TRUE(prepare(process));
    });
}

TEST(Payload, WhatCannotRunFailsBeforeItIsStarted) {
    test::in_own_mounts([] {
        Process process = sample();
        process.args = {"no-such-program"};
        EXPECT_EQ(prepare(process).error().kind, ErrorKind::CommandNotFound);
        process.args = {"/"};
        EXPECT_EQ(prepare(process).error().kind, ErrorKind::CannotInvoke);
        process.args.clear();
        EXPECT_EQ(prepare(process).error().kind, ErrorKind::InvalidArgument);
        process = sample();
        process.rlimits = {{.type = "RLIMIT_NOSUCH"}};
        EXPECT_FALSE(prepare(process));
    });
}

TEST(Payload, AFailedExecComesBackWithItsReason) {
    const test::TemporaryFolder folder;
    const std::string path = folder.path() + "/script";
    test::write_file(path, "#!/no/such/interpreter\n", 0755);
    Process process = sample();
    process.args = {path};
    const PayloadPlan plan{.process = process, .container_id = "c1"};
    Payload payload{.executable = path, .env = {}, .late_filter = ""};
    EXPECT_EQ(execute(plan, payload).kind, ErrorKind::CommandNotFound);
    test::write_file(path, "no magic", 0755);
    EXPECT_EQ(execute(plan, payload).kind, ErrorKind::CannotInvoke);
}

TEST(Payload, AFilterIsWaitedForAndLoadedLateUnderNoNewPrivileges) {
    test::in_own_mounts([] {
        Process process = sample();
        process.no_new_privileges = true;
        Seccomp seccomp;
        seccomp.default_action = "SCMP_ACT_ALLOW";
        auto sync = make_sync_pair().take();
        ASSERT_TRUE(sync.parent.send(ParentMessage::Filter, "the program"));
        PayloadPlan plan{
            .process = process, .seccomp = &seccomp, .container_id = "c1", .new_keyring = false};
        const auto payload = prepare_payload(plan, sync.child);
        ASSERT_TRUE(payload) << payload.error().message;
        EXPECT_EQ(payload->late_filter, "the program");
    });
}

}  // namespace
}  // namespace dhow::oci
