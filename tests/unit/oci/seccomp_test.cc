// SPDX-License-Identifier: Apache-2.0
// linux.seccomp compiled to BPF, then asked about calls of every architecture, with arguments
// beyond 32 bits, beside a plain reading of the rules.
#include "oci/runtime/security/seccomp_rules.h"
#include "tests/support/own_mounts.h"
#include "tests/unit/oci/seccomp_programs.h"

#include <random>

#include <sys/prctl.h>
#include <sys/syscall.h>

namespace dhow::oci {
namespace {

TEST(Seccomp, EveryOperatorWithHighBits) {
    const std::vector<uint64_t> values = {0,
                                          1,
                                          0x28,
                                          0xffffffff,
                                          0x100000000,
                                          0x100000028,
                                          0x8000000000000000,
                                          UINT64_MAX - 1,
                                          UINT64_MAX};
    for (const std::string& op : known_seccomp_operators()) {
        for (const uint64_t value : values) {
            for (const uint32_t index : {0U, 5U}) {
                const auto seccomp = policy({rule(
                    {"socket"},
                    "SCMP_ACT_ALLOW",
                    {{.index = index, .value = value, .value_two = value & 0x28, .op = op}})});
                Comparison comparison(seccomp);
                comparison.compare_call(kNative, SYS_socket, "socket");
            }
        }
    }
}

TEST(Seccomp, AMaskComparesWhatItCoversAlone) {
    const auto seccomp = policy(
        {rule({"socket"},
              "SCMP_ACT_ALLOW",
              {{.index = 0, .value = 0xffffffff, .value_two = 2, .op = "SCMP_CMP_MASKED_EQ"}})});
    auto machine = compile(seccomp);
    EXPECT_EQ(machine.run(call(kNative, SYS_socket, {2})), SECCOMP_RET_ALLOW);
    EXPECT_EQ(machine.run(call(kNative, SYS_socket, {0x100000002})), SECCOMP_RET_ALLOW);
    EXPECT_EQ(machine.run(call(kNative, SYS_socket, {3})), kErrno | EPERM);
    EXPECT_EQ(machine.run(call(kNative, SYS_socket, {0x200000003})), kErrno | EPERM);
}

TEST(Seccomp, ConditionsOnSeveralArgumentsAreAllNeeded) {
    const auto seccomp = policy({rule({"fcntl"},
                                      "SCMP_ACT_ALLOW",
                                      {{.index = 0, .value = 3, .op = "SCMP_CMP_GE"},
                                       {.index = 1, .value = 1, .op = "SCMP_CMP_EQ"}})});
    auto machine = compile(seccomp);
    EXPECT_EQ(machine.run(call(kNative, SYS_fcntl, {3, 1})), SECCOMP_RET_ALLOW);
    EXPECT_EQ(machine.run(call(kNative, SYS_fcntl, {2, 1})), kErrno | EPERM);
    EXPECT_EQ(machine.run(call(kNative, SYS_fcntl, {3, 2})), kErrno | EPERM);
    Comparison(seccomp).compare_all();
}

TEST(Seccomp, ConditionsOnOneArgumentAreAlternatives) {
    const auto seccomp = policy({rule({"personality"},
                                      "SCMP_ACT_ALLOW",
                                      {{.index = 0, .value = 0, .op = "SCMP_CMP_EQ"},
                                       {.index = 0, .value = 8, .op = "SCMP_CMP_EQ"}})});
    auto machine = compile(seccomp);
    EXPECT_EQ(machine.run(call(kNative, SYS_personality, {0})), SECCOMP_RET_ALLOW);
    EXPECT_EQ(machine.run(call(kNative, SYS_personality, {8})), SECCOMP_RET_ALLOW);
    EXPECT_EQ(machine.run(call(kNative, SYS_personality, {1})), kErrno | EPERM);
    Comparison(seccomp).compare_all();
}

// Also where libseccomp would let the rule without conditions win, or refuse the profile.
TEST(Seccomp, TheFirstRuleThatHoldsDecides) {
    const SeccompArg vsock{
        .index = 0, .value = 0xffffffff, .value_two = 40, .op = "SCMP_CMP_MASKED_EQ"};
    const auto answer = [](const Seccomp& seccomp, uint64_t family) {
        return compile(seccomp).run(call(kNative, SYS_socket, {family}));
    };
    const auto refuse = rule({"socket"}, "SCMP_ACT_ERRNO", {vsock}, EACCES);
    const auto allow = rule({"socket"}, "SCMP_ACT_ALLOW");
    EXPECT_EQ(answer(policy({refuse, allow}), 40), kErrno | EACCES);
    EXPECT_EQ(answer(policy({refuse, allow}), 2), SECCOMP_RET_ALLOW);
    EXPECT_EQ(answer(policy({allow, refuse}), 40), SECCOMP_RET_ALLOW);
    EXPECT_EQ(answer(policy({rule({"socket"}, "SCMP_ACT_ERRNO", {vsock}), allow}), 40),
              kErrno | EPERM)
        << "a rule that says what the default says is a rule all the same";
    EXPECT_EQ(answer(policy({rule({"socket"}, "SCMP_ACT_KILL"), allow}), 2),
              SECCOMP_RET_KILL_THREAD);
}

// Programs look for calls newer than the libc they are built for, and fall back on ENOSYS alone.
TEST(Seccomp, WhatIsNewerThanTheProfileIsAbsent) {
    const auto allow = rule({"read", "fcntl"}, "SCMP_ACT_ALLOW");
    const auto answer = [&](const char* action, std::optional<uint32_t> code, uint32_t number) {
        auto seccomp = policy({allow}, action);
        seccomp.default_errno_ret = code;
        return compile(seccomp).run(call(kNative, number));
    };
    const uint32_t newer = number_of("fcntl") + 1;
    EXPECT_EQ(answer("SCMP_ACT_ERRNO", {}, newer), kErrno | ENOSYS);
    EXPECT_EQ(answer("SCMP_ACT_ERRNO", ENXIO, newer), kErrno | ENOSYS);
    EXPECT_EQ(answer("SCMP_ACT_ERRNO", ENXIO, newer - 2), kErrno | ENXIO);
    EXPECT_EQ(answer("SCMP_ACT_KILL_PROCESS", {}, newer), kErrno | ENOSYS);
    EXPECT_EQ(answer("SCMP_ACT_LOG", {}, newer), SECCOMP_RET_LOG);
    EXPECT_EQ(answer("SCMP_ACT_TRACE", 7, newer), SECCOMP_RET_TRACE | 7U);
    EXPECT_EQ(compile(policy({})).run(call(kNative, 1000)), kErrno | EPERM) << "no profile at all";
}

TEST(Seccomp, EveryAction) {
    for (const std::string& name : known_seccomp_actions()) {
        const bool coded = name == "SCMP_ACT_ERRNO" || name == "SCMP_ACT_TRACE";
        const std::optional<uint32_t> code =
            coded ? std::optional<uint32_t>(ENOTSUP) : std::optional<uint32_t>();
        if (name != "SCMP_ACT_NOTIFY") {
            EXPECT_EQ(compile(policy({}, name.c_str())).run(call(kNative, SYS_read)),
                      SeccompOracle::action(name, {}));
        }
        auto seccomp = policy({rule({"mkdirat"}, name.c_str(), {}, code)}, "SCMP_ACT_ALLOW");
        seccomp.listener_path = "/run/agent";
        auto machine = compile(seccomp);
        EXPECT_EQ(machine.run(call(kNative, SYS_mkdirat)), SeccompOracle::action(name, code));
        EXPECT_EQ(machine.run(call(kNative, SYS_read)), SECCOMP_RET_ALLOW) << name;
        seccomp.syscalls[0].errno_ret = 1;
        EXPECT_EQ(seccomp_program(seccomp).has_value(), coded) << name << " with an errno";
    }
}

TEST(Seccomp, RefusesWhatItDoesNotKnow) {
    const auto refused = [](const Seccomp& seccomp, const char* word) {
        const auto program = seccomp_program(seccomp);
        ASSERT_FALSE(program) << word;
        EXPECT_NE(program.error().message.find(word), std::string::npos) << program.error().message;
    };
    refused(policy({}, "SCMP_ACT_NOSUCH"), "unknown action");
    refused(policy({}, ""), "unknown action");
    refused(policy({rule({"read"}, "allow")}), "unknown action");
    refused(policy({rule({"read"}, "SCMP_ACT_ERRNO", {}, 0x10000)}), "out of range");
    refused(policy({rule({"read"}, "SCMP_ACT_ALLOW", {{.index = 0, .op = "=="}})}),
            "unknown operator");
    refused(policy({rule({"read"}, "SCMP_ACT_ALLOW", {{.index = 6, .op = "SCMP_CMP_EQ"}})}),
            "argument index");
    refused(
        policy({rule({"read"}, "SCMP_ACT_ALLOW", {{.index = 4294967295, .op = "SCMP_CMP_EQ"}})}),
        "argument index");
    Seccomp wrong = policy({});
    wrong.architectures = {"SCMP_ARCH_VAX"};
    refused(wrong, "unknown architecture");
    wrong = policy({});
    wrong.flags = {"SECCOMP_FILTER_FLAG_NEW_LISTENER"};
    refused(wrong, "unknown flag");
}

TEST(Seccomp, AListenerMustBeAbleToArrive) {
    const auto refused = [](Seccomp seccomp, const char* word) {
        const auto program = seccomp_program(seccomp);
        ASSERT_FALSE(program) << word;
        EXPECT_NE(program.error().message.find(word), std::string::npos) << program.error().message;
    };
    const auto notify = rule({"mkdir"}, "SCMP_ACT_NOTIFY");
    refused(policy({notify}), "listenerPath");
    Seccomp seccomp = policy({}, "SCMP_ACT_NOTIFY");
    seccomp.listener_path = "/run/agent";
    refused(seccomp, "default action");
    seccomp = policy({rule({"read", "write"}, "SCMP_ACT_NOTIFY")});
    seccomp.listener_path = "/run/agent";
    refused(seccomp, "cannot be used for the write syscall");
    seccomp = policy({});
    seccomp.flags = {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
    refused(seccomp, "needs a rule with SCMP_ACT_NOTIFY");
    seccomp.syscalls = {notify};
    seccomp.listener_path = "/run/agent";
    EXPECT_TRUE(seccomp_program(seccomp));
    seccomp = policy({});
    seccomp.listener_path = "/run/agent";
    EXPECT_TRUE(seccomp_program(seccomp)) << "a listener that nobody needs is ignored";
}

TEST(Seccomp, ACallTheLibraryDoesNotKnowIsLeftOut) {
    auto machine =
        compile(policy({rule({"no_such_call", "mkdirat"}, "SCMP_ACT_ERRNO")}, "SCMP_ACT_ALLOW"));
    EXPECT_EQ(machine.run(call(kNative, SYS_mkdirat)), kErrno | EPERM);
}

TEST(Seccomp, CallsNewerThanTheLibraryAreKnown) {
    const auto seccomp = policy({rule({"fchmodat2", "mseal"}, "SCMP_ACT_ALLOW")});
    auto machine = compile(seccomp);
    EXPECT_EQ(machine.run(call(kNative, 452)), SECCOMP_RET_ALLOW);
    EXPECT_EQ(machine.run(call(kNative, 462)), SECCOMP_RET_ALLOW);
    EXPECT_EQ(machine.run(call(kNative, 453)), kErrno | EPERM);
    Comparison(seccomp).compare_all();
}

TEST(Seccomp, AnotherArchitectureIsKilledUnlessItIsNamed) {
    if (!kX86) GTEST_SKIP() << "about the architectures of x86-64";
    auto seccomp = policy({rule({"read"}, "SCMP_ACT_ERRNO", {}, 95)}, "SCMP_ACT_ALLOW");
    auto native = compile(seccomp);
    EXPECT_EQ(native.run(call(AUDIT_ARCH_I386, 3)), SECCOMP_RET_KILL_THREAD);
    EXPECT_EQ(native.run(call(AUDIT_ARCH_AARCH64, 63)), SECCOMP_RET_KILL_THREAD);
    EXPECT_EQ(native.run(call(kNative, kX32Bit)), SECCOMP_RET_KILL_THREAD);
    EXPECT_EQ(native.run(call(kNative, ~0U)), SECCOMP_RET_ALLOW) << "taken away by a tracer";
    seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
    auto all = compile(seccomp);
    EXPECT_EQ(all.run(call(kNative, 0)), kErrno | 95);
    EXPECT_EQ(all.run(call(AUDIT_ARCH_I386, 3)), kErrno | 95);
    EXPECT_EQ(all.run(call(kNative, kX32Bit)), kErrno | 95);
    EXPECT_EQ(all.run(call(AUDIT_ARCH_I386, 0)), SECCOMP_RET_ALLOW) << "read is 3 there";
    EXPECT_EQ(all.run(call(AUDIT_ARCH_AARCH64, 63)), SECCOMP_RET_KILL_THREAD);
}

class RandomRules {
  public:
    Seccomp next() {
        Seccomp seccomp = policy({});
        seccomp.default_action = action();
        if (carries_code(seccomp.default_action) && pick(2) == 0) {
            seccomp.default_errno_ret = pick(100);
        }
        if (kX86) {
            for (const char* arch : {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}) {
                if (pick(2) == 0) seccomp.architectures.emplace_back(arch);
            }
        }
        for (uint64_t i = pick(12); i > 0; --i) seccomp.syscalls.push_back(next_rule());
        return seccomp;
    }

  private:
    SeccompSyscall next_rule() {
        SeccompSyscall made;
        for (uint64_t i = pick(3) + 1; i > 0; --i) {
            made.names.emplace_back(kCalls.at(pick(kCalls.size())));
        }
        made.action = action();
        if (carries_code(made.action) && pick(2) == 0) made.errno_ret = pick(100);
        for (uint64_t i = pick(4); i > 0; --i) {
            const uint64_t one = value();
            made.args.push_back({.index = static_cast<uint32_t>(pick(6)),
                                 .value = one,
                                 .value_two = pick(4) == 0 ? value() : value() & one,
                                 .op = operators_.at(pick(operators_.size()))});
        }
        return made;
    }

    static bool carries_code(const std::string& action) {
        return action == "SCMP_ACT_ERRNO" || action == "SCMP_ACT_TRACE";
    }

    std::string action() {
        std::string name = "SCMP_ACT_NOTIFY";  // needs an agent, and is one more number
        while (name == "SCMP_ACT_NOTIFY") name = actions_.at(pick(actions_.size()));
        return name;
    }

    uint64_t pick(uint64_t count) {
        return std::uniform_int_distribution<uint64_t>(0, count - 1)(random_);
    }

    uint64_t value() {
        static constexpr std::array<uint64_t, 8> kValues = {
            0, 1, 0x28, 0xffffffff, 0x80000000, 0x100000000, 0x100000028, UINT64_MAX};
        return kValues.at(pick(kValues.size()));
    }

    static constexpr std::array<const char*, 20> kCalls = {
        "socket", "clone",      "ioctl", "prctl",  "mmap",   "openat",      "fcntl",
        "futex",  "socketcall", "ipc",   "accept", "semop",  "semget",      "stat64",
        "stat",   "listns",     "read",  "bind",   "sendto", "no_such_call"};
    const std::vector<std::string> operators_ = known_seccomp_operators();
    const std::vector<std::string> actions_ = known_seccomp_actions();
    std::mt19937_64 random_{11};
};

TEST(Seccomp, RandomRulesAreReadAsWritten) {
    RandomRules random;
    for (int round = 0; round < 60; ++round) {
        const Seccomp seccomp = random.next();
        Comparison comparison(seccomp);
        comparison.compare_all();
        if (HasFatalFailure()) return;
    }
}

// Conditional jumps reach 255 instructions; a program has 4096 at most.
TEST(Seccomp, LongProgramsJumpFar) {
    std::vector<SeccompSyscall> rules;
    for (uint64_t value = 0; value < 300; ++value) {
        const SeccompArg arg{.index = 1, .value = value << 33U, .op = "SCMP_CMP_EQ"};
        rules.push_back(
            rule({"socket"}, value % 2 == 0 ? "SCMP_ACT_ALLOW" : "SCMP_ACT_LOG", {arg}));
        rules.push_back(rule({"read"}, "SCMP_ACT_ERRNO", {arg}, static_cast<uint32_t>(value)));
    }
    const auto seccomp = policy(rules);
    auto machine = compile(seccomp);
    EXPECT_GT(machine.size(), 2000U);
    const SeccompOracle oracle(seccomp);
    for (uint64_t value = 0; value < 301; ++value) {
        for (const uint32_t number : {SYS_socket, SYS_read, SYS_fcntl}) {
            for (const uint64_t low : {0U, 1U}) {
                const auto data = call(kNative, number, {0, (value << 33U) + low});
                ASSERT_EQ(machine.run(data), oracle.verdict(data)) << number << " " << value;
            }
        }
    }
    for (uint64_t value = 0; value < 1200; ++value) {
        rules.push_back(
            rule({"bind"}, "SCMP_ACT_ALLOW", {{.index = 1, .value = value, .op = "SCMP_CMP_EQ"}}));
    }
    const auto refused = seccomp_program(policy(rules));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("the kernel takes 4096"), std::string::npos);
}

TEST(Seccomp, FlagsThisKernelHasAreAmongThoseThatAreKnown) {
    const auto known = known_seccomp_flags();
    EXPECT_EQ(known.size(), 4U);
    for (const std::string& flag : supported_seccomp_flags()) {
        EXPECT_NE(std::find(known.begin(), known.end(), flag), known.end());
    }
}

// The conditions on socket(2) are behind a pointer in socketcall(2): libseccomp drops them.
TEST(Seccomp, ConditionsAreNotLostInSocketcall) {
    if (!kX86) GTEST_SKIP() << "about i386";
    constexpr int kSocketcall = 102;
    const SeccompArg unix_only{
        .index = 0, .value = 0xffffffff, .value_two = 1, .op = "SCMP_CMP_MASKED_EQ"};
    const auto answer = [&](Seccomp seccomp) {
        seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"};
        Comparison(seccomp).compare_all();
        return compile(seccomp).run(call(AUDIT_ARCH_I386, kSocketcall, {1, 0x1000}));
    };
    const auto allow_unix = rule({"socket"}, "SCMP_ACT_ALLOW", {unix_only});
    EXPECT_EQ(answer(policy({allow_unix})), kErrno | EPERM);
    // A rule that says what the default says is a rule all the same.
    EXPECT_EQ(answer(policy({rule({"socket"}, "SCMP_ACT_ALLOW"),
                             rule({"socketcall"}, "SCMP_ACT_ERRNO", {}, EPERM)})),
              kErrno | EPERM);
    EXPECT_EQ(answer(policy({allow_unix, rule({"socketcall"}, "SCMP_ACT_ALLOW")})),
              SECCOMP_RET_ALLOW)
        << "by name";
    EXPECT_EQ(answer(policy({rule({"socket"}, "SCMP_ACT_ALLOW")})), SECCOMP_RET_ALLOW)
        << "nothing is lost without conditions";
    EXPECT_EQ(answer(policy({rule({"socket"}, "SCMP_ACT_ERRNO", {unix_only})}, "SCMP_ACT_ALLOW")),
              kErrno | EPERM);
    constexpr int kIpc = 117;
    Seccomp ipc = policy(
        {rule({"semget"}, "SCMP_ACT_ALLOW", {{.index = 0, .value = 5, .op = "SCMP_CMP_EQ"}})});
    ipc.architectures = {"SCMP_ARCH_X86"};
    EXPECT_NE(compile(ipc).run(call(AUDIT_ARCH_I386, kIpc, {2})), SECCOMP_RET_ALLOW);
}

TEST(Seccomp, LoadRefusesAnEmptyProgram) {
    test::in_own_process([] {
        ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        EXPECT_FALSE(load_seccomp("", policy({})));
        EXPECT_FALSE(load_seccomp("1234567", policy({})));
    });
}

}  // namespace
}  // namespace dhow::oci
