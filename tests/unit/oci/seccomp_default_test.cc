// SPDX-License-Identifier: Apache-2.0
// The engine's own seccomp policy as the runtime compiles it, asked about every number there is.
#include "engine/seccomp_policy.h"
#include "tests/support/own_mounts.h"
#include "tests/unit/oci/seccomp_programs.h"

#include <cstdlib>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

class DefaultPolicy : public ::testing::Test {
  protected:
    // As the kernel reports them, and the bit of x32.
    static std::vector<std::pair<uint32_t, uint32_t>> architectures() {
        if (!kX86) return {{kNative, 0}};
        return {{AUDIT_ARCH_X86_64, 0}, {AUDIT_ARCH_I386, 0}, {AUDIT_ARCH_X86_64, kX32Bit}};
    }
};

TEST_F(DefaultPolicy, EveryNumberIsAsTheListsSay) {
    const std::vector<std::vector<std::string>> holdings = {
        {}, {"CAP_SYS_ADMIN"}, {"CAP_SYS_PTRACE", "CAP_BPF", "CAP_SYS_TIME"}};
    for (const auto& capabilities : holdings) {
        const auto seccomp = engine::default_seccomp(capabilities);
        Comparison comparison(seccomp);
        comparison.compare_all();
        EXPECT_GT(comparison.compared(), 10000U);
    }
}

// The kernel works out which calls a filter always allows (seccomp_is_const_allow), and asks it no
// more about those: no argument may be looked at on the way.
TEST_F(DefaultPolicy, WhatIsAlwaysAllowedIsFoundByNumberAlone) {
    auto machine = compile(engine::default_seccomp({}));
    for (const uint32_t number : {SYS_read, SYS_openat, SYS_futex, SYS_execve, SYS_close}) {
        EXPECT_EQ(machine.run(call(kNative, number)), SECCOMP_RET_ALLOW);
        EXPECT_FALSE(machine.has_read_arguments()) << number;
        EXPECT_LE(machine.steps(), 16U) << number;
    }
    EXPECT_LT(machine.size(), 1000U);
}

// By every way to say it: the kernel reads 32 bits, 64 may be set (podman CVE-2026-123876).
TEST_F(DefaultPolicy, DeniedFamiliesOfSocketsStayDenied) {
    auto machine = compile(engine::default_seccomp({"CAP_SYS_ADMIN", "CAP_NET_ADMIN"}));
    for (const auto& [arch, bit] : architectures()) {
        const uint32_t number = arch == AUDIT_ARCH_I386 ? 359 : number_of("socket") | bit;
        for (uint64_t family = 0; family <= 50; ++family) {
            const bool denied = family == 38 || family == 40 || family > 45;
            for (const uint64_t high : {uint64_t{0}, uint64_t{1} << 32U, UINT64_MAX << 32U}) {
                const auto answer = machine.run(call(arch, number, {high | family, 3}));
                EXPECT_EQ(answer == SECCOMP_RET_ALLOW, !denied)
                    << family << " high " << high << " on " << arch;
            }
        }
    }
    if (!kX86) return;
    // On i386 the family of socketcall(SYS_SOCKET, args) is behind a pointer: no filter sees it.
    constexpr int kSocketcall = 102;
    EXPECT_NE(machine.run(call(AUDIT_ARCH_I386, kSocketcall, {1, 0x1000})), SECCOMP_RET_ALLOW);
    EXPECT_NE(machine.run(call(AUDIT_ARCH_I386, kSocketcall, {0x100000001, 0x1000})),
              SECCOMP_RET_ALLOW);
}

TEST_F(DefaultPolicy, NamespacesAreForThoseWhoMayAdminister) {
    auto closed = compile(engine::default_seccomp({}));
    auto open = compile(engine::default_seccomp({"CAP_SYS_ADMIN"}));
    for (const uint64_t flag : {0x80U,
                                0x20000U,
                                0x2000000U,
                                0x4000000U,
                                0x8000000U,
                                0x10000000U,
                                0x20000000U,
                                0x40000000U}) {
        for (const uint64_t high : {uint64_t{0}, uint64_t{1} << 40U}) {
            EXPECT_NE(closed.run(call(kNative, SYS_clone, {flag | high | 17})), SECCOMP_RET_ALLOW)
                << flag;
        }
        EXPECT_EQ(open.run(call(kNative, SYS_clone, {flag})), SECCOMP_RET_ALLOW) << flag;
    }
    EXPECT_EQ(closed.run(call(kNative, SYS_clone, {17})), SECCOMP_RET_ALLOW) << "fork";
    EXPECT_EQ(closed.run(call(kNative, SYS_clone, {0x3d0f00})), SECCOMP_RET_ALLOW) << "a thread";
    EXPECT_EQ(closed.run(call(kNative, SYS_clone3)), kErrno | ENOSYS) << "libc falls back";
    EXPECT_NE(closed.run(call(kNative, SYS_unshare)), SECCOMP_RET_ALLOW);
    EXPECT_NE(closed.run(call(kNative, SYS_mount)), SECCOMP_RET_ALLOW);
    EXPECT_EQ(open.run(call(kNative, SYS_mount)), SECCOMP_RET_ALLOW);
}

TEST_F(DefaultPolicy, LoadsAndBites) {
    test::in_own_process([] {
        const auto seccomp = engine::default_seccomp({});
        const auto program = seccomp_program(seccomp);
        ASSERT_TRUE(program);
        ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        const auto loaded = load_seccomp(*program, seccomp);
        ASSERT_TRUE(loaded) << loaded.error().message;
        EXPECT_LT(::socket(38, SOCK_SEQPACKET, 0), 0);
        // Past libc, which would cut the register to an int.
        EXPECT_LT(::syscall(SYS_socket, 0x100000000 + 38, SOCK_SEQPACKET, 0), 0);
        EXPECT_EQ(errno, ENOSYS);
        EXPECT_LT(::syscall(SYS_keyctl, 0, 0, 0, 0, 0), 0);
        EXPECT_EQ(errno, EPERM);
        const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
        EXPECT_GE(socket, 0);
        ::close(socket);
    });
}

}  // namespace
}  // namespace dhow::oci
