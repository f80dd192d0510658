// SPDX-License-Identifier: Apache-2.0
// A plain reading of linux.seccomp, beside which tests run the compiled program.
#pragma once

#include "oci/runtime/security/seccomp.h"
#include "tests/unit/oci/bpf_machine.h"

#include <gtest/gtest.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include <linux/audit.h>

namespace dhow::oci {

using test::BpfMachine;

#if defined(__x86_64__)
inline constexpr bool kX86 = true;
#else
inline constexpr bool kX86 = false;
#endif

inline constexpr uint32_t kErrno = SECCOMP_RET_ERRNO;
inline constexpr uint32_t kX32Bit = 0x40000000;

using Args = std::array<uint64_t, 6>;

inline seccomp_data call(uint32_t arch, int number, const Args& args = {}) {
    seccomp_data data{};
    data.nr = number;
    data.arch = arch;
    for (size_t i = 0; i < args.size(); ++i) data.args[i] = args[i];
    return data;
}

inline int number_of(uint32_t arch, const std::string& name) {
    return ::seccomp_syscall_resolve_name_arch(arch, name.c_str());
}

inline BpfMachine compile(const Seccomp& seccomp) {
    const auto program = seccomp_program(seccomp, "");
    EXPECT_TRUE(program) << program.error().message;
    return BpfMachine(program ? *program : std::string());
}

inline SeccompSyscall rule(std::vector<std::string> names,
                           const char* action,
                           std::vector<SeccompArg> args = {},
                           std::optional<uint32_t> code = {}) {
    return {
        .names = std::move(names), .action = action, .errno_ret = code, .args = std::move(args)};
}

inline bool holds(const SeccompArg& arg, const Args& args) {
    const uint64_t given = args.at(arg.index);
    if (arg.op == "SCMP_CMP_NE") return given != arg.value;
    if (arg.op == "SCMP_CMP_LT") return given < arg.value;
    if (arg.op == "SCMP_CMP_LE") return given <= arg.value;
    if (arg.op == "SCMP_CMP_EQ") return given == arg.value;
    if (arg.op == "SCMP_CMP_GE") return given >= arg.value;
    if (arg.op == "SCMP_CMP_GT") return given > arg.value;
    return (given & arg.value) == arg.value_two;
}

inline uint32_t action_value(const std::string& name, uint32_t code) {
    if (name == "SCMP_ACT_ALLOW") return SECCOMP_RET_ALLOW;
    if (name == "SCMP_ACT_ERRNO") return SECCOMP_RET_ERRNO | code;
    if (name == "SCMP_ACT_KILL_PROCESS") return SECCOMP_RET_KILL_PROCESS;
    if (name == "SCMP_ACT_TRAP") return SECCOMP_RET_TRAP;
    if (name == "SCMP_ACT_TRACE") return SECCOMP_RET_TRACE | code;
    if (name == "SCMP_ACT_LOG") return SECCOMP_RET_LOG;
    return SECCOMP_RET_KILL_THREAD;
}

// The verdict of the first rule that holds, the default's otherwise. Rules that name one argument
// twice need one of their conditions, others all.
inline uint32_t verdict(const Seccomp& seccomp, const std::string& name, const Args& args) {
    for (const SeccompSyscall& entry : seccomp.syscalls) {
        if (std::find(entry.names.begin(), entry.names.end(), name) == entry.names.end()) continue;
        std::set<uint32_t> indexes;
        size_t held = 0;
        for (const SeccompArg& arg : entry.args) {
            indexes.insert(arg.index);
            held += holds(arg, args) ? 1U : 0U;
        }
        const bool any = indexes.size() != entry.args.size();
        if (any ? held == 0 : held != entry.args.size()) continue;
        return action_value(entry.action, entry.errno_ret.value_or(EPERM));
    }
    return action_value(seccomp.default_action, seccomp.default_errno_ret.value_or(EPERM));
}

inline Seccomp policy(std::vector<SeccompSyscall> rules, const char* action = "SCMP_ACT_ERRNO") {
    Seccomp seccomp;
    seccomp.default_action = action;
    seccomp.syscalls = std::move(rules);
    return seccomp;
}

inline const uint32_t kNative = ::seccomp_arch_native();

}  // namespace dhow::oci
