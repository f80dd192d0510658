// SPDX-License-Identifier: Apache-2.0
// Profiles in few words, compiled and asked.
#pragma once

#include "oci/runtime/security/seccomp.h"
#include "tests/support/bpf_machine.h"
#include "tests/support/seccomp_oracle.h"

#include <gtest/gtest.h>
#include <seccomp.h>

#include <array>
#include <cerrno>
#include <sstream>

#include <linux/audit.h>

namespace dhow::oci {

using test::BpfMachine;
using test::kX32Bit;
using test::SeccompOracle;

#if defined(__x86_64__)
inline constexpr bool kX86 = true;
#else
inline constexpr bool kX86 = false;
#endif

inline constexpr uint32_t kErrno = SECCOMP_RET_ERRNO;

using Args = std::array<uint64_t, 6>;

inline const uint32_t kNative = ::seccomp_arch_native();

inline seccomp_data call(uint32_t arch, uint32_t number, const Args& args = {}) {
    seccomp_data data{};
    data.nr = static_cast<int>(number);
    data.arch = arch;
    for (size_t i = 0; i < args.size(); ++i) data.args[i] = args[i];
    return data;
}

inline uint32_t number_of(const std::string& name) {
    return static_cast<uint32_t>(::seccomp_syscall_resolve_name_arch(kNative, name.c_str()));
}

inline BpfMachine compile(const Seccomp& seccomp) {
    const auto program = seccomp_program(seccomp);
    EXPECT_TRUE(program) << program.error().message;
    BpfMachine machine(program ? *program : std::string());
    EXPECT_TRUE(machine.is_sound());
    return machine;
}

inline SeccompSyscall rule(std::vector<std::string> names,
                           const char* action,
                           std::vector<SeccompArg> args = {},
                           std::optional<uint32_t> code = {}) {
    return {
        .names = std::move(names), .action = action, .errno_ret = code, .args = std::move(args)};
}

inline Seccomp policy(std::vector<SeccompSyscall> rules, const char* action = "SCMP_ACT_ERRNO") {
    Seccomp seccomp;
    seccomp.default_action = action;
    seccomp.syscalls = std::move(rules);
    return seccomp;
}

inline std::string describe(const Seccomp& seccomp, const seccomp_data& data) {
    std::ostringstream text;
    text << std::hex << data.nr << " of " << data.arch << " (";
    for (const uint64_t arg : data.args) text << arg << " ";
    text << ") default " << seccomp.default_action;
    for (const SeccompSyscall& entry : seccomp.syscalls) {
        text << "\n  " << entry.names.front() << " " << entry.action << entry.errno_ret.value_or(0);
        for (const SeccompArg& arg : entry.args) {
            text << " [" << arg.index << "] " << arg.op << " " << arg.value << " " << arg.value_two;
        }
    }
    return text.str();
}

// Every number of every architecture there is here, with what may matter in its arguments.
class Comparison {
  public:
    explicit Comparison(const Seccomp& seccomp)
        : seccomp_(seccomp), oracle_(seccomp), machine_(compile(seccomp)) {}

    void compare_all() {
        for (uint32_t number = 0; number <= 600; ++number) {
            compare_call(kNative, number, SeccompOracle::name_of(kNative, number));
            compare_call(AUDIT_ARCH_AARCH64 ^ 1U, number, "");
            if (!kX86) continue;
            compare_call(AUDIT_ARCH_I386, number, SeccompOracle::name_of(SCMP_ARCH_X86, number));
            compare_call(kNative, number | kX32Bit, SeccompOracle::name_of(SCMP_ARCH_X32, number));
        }
        for (const uint32_t number : {0x3fffffffU, 0x7fffffffU, 0x80000000U, 0xfffffffeU, ~0U}) {
            compare(call(kNative, number));
            compare(call(AUDIT_ARCH_I386, number));
        }
    }

    void compare_call(uint32_t audit, uint32_t number, const std::string& name) {
        const auto values = test::interesting_values(seccomp_, name);
        for (const uint64_t value : values) {
            compare(call(audit, number, {value, value, value, value, value, value}));
        }
        if (values.size() <= 5 || values.size() > 40) return;
        for (const uint64_t first : values) {
            for (const uint64_t second : values) {
                compare(call(audit, number, {first, second, 0, first, second, ~first}));
            }
        }
    }

    void compare(const seccomp_data& data) {
        ++compared_;
        ASSERT_EQ(machine_.run(data), oracle_.verdict(data)) << describe(seccomp_, data);
    }

    [[nodiscard]] size_t compared() const { return compared_; }

  private:
    const Seccomp& seccomp_;
    SeccompOracle oracle_;
    BpfMachine machine_;
    size_t compared_ = 0;
};

}  // namespace dhow::oci
