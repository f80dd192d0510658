// SPDX-License-Identifier: Apache-2.0
// The engine's own seccomp policy as the runtime compiles it, asked about every number there is.
#include "engine/seccomp_policy.h"
#include "tests/support/own_mounts.h"
#include "tests/unit/oci/seccomp_oracle.h"

#include <cstdlib>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {
namespace {

class DefaultPolicy : public ::testing::Test {
  protected:
    static std::vector<uint32_t> architectures() {
        if (!kX86) return {kNative};
        return {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32};
    }

    static uint32_t audit_arch(uint32_t arch) {
        return arch == SCMP_ARCH_X32 ? uint32_t{SCMP_ARCH_X86_64} : arch;
    }

    static std::string name_of(uint32_t arch, int number) {
        char* name = ::seccomp_syscall_resolve_num_arch(arch, number);
        std::string found = name != nullptr ? name : "";
        ::free(name);
        return found;
    }
};

TEST_F(DefaultPolicy, EveryNumberIsAsTheListsSay) {
    const std::vector<std::vector<std::string>> holdings = {
        {}, {"CAP_SYS_ADMIN"}, {"CAP_SYS_PTRACE", "CAP_BPF", "CAP_SYS_TIME"}};
    for (const auto& capabilities : holdings) {
        const auto seccomp = engine::default_seccomp(capabilities);
        auto machine = compile(seccomp);
        EXPECT_LE(machine.size(), 4096U) << "more than the kernel takes";
        for (const uint32_t arch : architectures()) {
            const int base = arch == SCMP_ARCH_X32 ? static_cast<int>(kX32Bit) : 0;
            for (int number = 0; number < 1024; ++number) {
                const std::string name = name_of(arch, base + number);
                for (const Args& args : {Args{},
                                         Args{2, 1},
                                         Args{38},
                                         Args{0x10000000},
                                         Args{0x100000026},
                                         Args{UINT64_MAX, UINT64_MAX}}) {
                    const uint32_t wanted =
                        name.empty() ? (kErrno | ENOSYS) : verdict(seccomp, name, args);
                    ASSERT_EQ(machine.run(call(audit_arch(arch), base + number, args)), wanted)
                        << "'" << name << "' " << base + number << " of " << arch
                        << " first argument " << args[0];
                }
            }
        }
    }
}

// By every way to say it: the kernel reads 32 bits, 64 may be set (podman CVE-2026-123876).
TEST_F(DefaultPolicy, DeniedFamiliesOfSocketsStayDenied) {
    auto machine = compile(engine::default_seccomp({"CAP_SYS_ADMIN", "CAP_NET_ADMIN"}));
    for (const uint32_t arch : architectures()) {
        // 359 on i386, where the name stands for socketcall as well
        const int number = arch == SCMP_ARCH_X86 ? 359 : number_of(arch, "socket");
        for (uint64_t family = 0; family <= 50; ++family) {
            const bool denied = family == 38 || family == 40 || family > 45;
            for (const uint64_t high : {uint64_t{0}, uint64_t{1} << 32U, UINT64_MAX << 32U}) {
                const auto answer = machine.run(call(audit_arch(arch), number, {high | family, 3}));
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
        const auto program = seccomp_program(seccomp, "");
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
