// SPDX-License-Identifier: Apache-2.0
// linux.seccomp compiled to BPF, then asked about calls of every architecture, with arguments
// beyond 32 bits, beside a plain reading of the rules.
#include "tests/support/own_mounts.h"
#include "tests/unit/oci/seccomp_oracle.h"

#include <random>
#include <sstream>

#include <sys/prctl.h>
#include <sys/syscall.h>

namespace dhow::oci {
namespace {

std::string describe(const Seccomp& seccomp, const std::string& name, const Args& args) {
    std::ostringstream text;
    text << std::hex << name << "(";
    for (const uint64_t arg : args) text << arg << " ";
    text << ")";
    for (const SeccompSyscall& entry : seccomp.syscalls) {
        if (entry.names.front() != name) continue;
        text << "\n  " << entry.action;
        for (const SeccompArg& arg : entry.args) {
            text << " [" << arg.index << "] " << arg.op << " " << arg.value << " " << arg.value_two;
        }
    }
    return text.str();
}

TEST(Seccomp, EveryOperatorWithHighBits) {
    const std::array<const char*, 6> operators = {
        "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT"};
    const std::vector<uint64_t> values = {0,
                                          1,
                                          0x28,
                                          0xffffffff,
                                          0x100000000,
                                          0x100000028,
                                          0x8000000000000000,
                                          UINT64_MAX - 1,
                                          UINT64_MAX};
    for (const char* op : operators) {
        for (const uint64_t value : values) {
            for (const uint32_t index : {0U, 5U}) {
                const auto seccomp = policy({rule(
                    {"socket"}, "SCMP_ACT_ALLOW", {{.index = index, .value = value, .op = op}})});
                auto machine = compile(seccomp);
                for (const uint64_t given : values) {
                    Args args{};
                    args.at(index) = given;
                    ASSERT_EQ(machine.run(call(kNative, SYS_socket, args)),
                              verdict(seccomp, "socket", args))
                        << op << " " << value << " given " << given;
                }
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
    for (const uint64_t first : {0U, 3U, 9U}) {
        for (const uint64_t second : {0U, 1U, 2U}) {
            EXPECT_EQ(machine.run(call(kNative, SYS_fcntl, {first, second})),
                      verdict(seccomp, "fcntl", {first, second}));
        }
    }
}

TEST(Seccomp, ConditionsOnOneArgumentAreAlternatives) {
    const auto seccomp = policy({rule({"personality"},
                                      "SCMP_ACT_ALLOW",
                                      {{.index = 0, .value = 0, .op = "SCMP_CMP_EQ"},
                                       {.index = 0, .value = 8, .op = "SCMP_CMP_EQ"}})});
    auto machine = compile(seccomp);
    for (const uint64_t given : {uint64_t{0}, uint64_t{8}, uint64_t{1}, uint64_t{0x100000008}}) {
        EXPECT_EQ(machine.run(call(kNative, SYS_personality, {given})),
                  verdict(seccomp, "personality", {given}));
    }
}

TEST(Seccomp, EveryAction) {
    for (const std::string& name : known_seccomp_actions()) {
        const auto by_default = compile(policy({}, name.c_str())).run(call(kNative, SYS_read));
        EXPECT_EQ(by_default, action_value(name, EPERM)) << name;
        if (name == "SCMP_ACT_ALLOW") continue;
        auto machine =
            compile(policy({rule({"mkdirat"}, name.c_str(), {}, ENOTSUP)}, "SCMP_ACT_ALLOW"));
        EXPECT_EQ(machine.run(call(kNative, SYS_mkdirat)), action_value(name, ENOTSUP)) << name;
        EXPECT_EQ(machine.run(call(kNative, SYS_read)), SECCOMP_RET_ALLOW) << name;
    }
}

TEST(Seccomp, RefusesWhatItDoesNotKnow) {
    const auto refused = [](const Seccomp& seccomp, const char* word) {
        const auto program = seccomp_program(seccomp, "");
        ASSERT_FALSE(program);
        EXPECT_NE(program.error().message.find(word), std::string::npos) << program.error().message;
    };
    refused(policy({}, "SCMP_ACT_NOSUCH"), "unknown action");
    refused(policy({}, ""), "unknown action");
    refused(policy({rule({"read"}, "allow")}), "unknown action");
    refused(policy({rule({"read"}, "SCMP_ACT_NOTIFY")}), "not supported");
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
    wrong = policy({});
    wrong.listener_path = "/run/listener";
    refused(wrong, "listener");
}

TEST(Seccomp, ACallTheLibraryDoesNotKnowIsLeftOut) {
    auto machine =
        compile(policy({rule({"no_such_call", "mkdirat"}, "SCMP_ACT_ERRNO")}, "SCMP_ACT_ALLOW"));
    EXPECT_EQ(machine.run(call(kNative, SYS_mkdirat)), kErrno | EPERM);
}

TEST(Seccomp, AnotherArchitectureIsKilledUnlessItIsNamed) {
    if (!kX86) GTEST_SKIP() << "about the architectures of x86-64";
    auto seccomp = policy({rule({"read"}, "SCMP_ACT_ERRNO", {}, 95)}, "SCMP_ACT_ALLOW");
    auto native = compile(seccomp);
    EXPECT_EQ(native.run(call(AUDIT_ARCH_I386, 3)), SECCOMP_RET_KILL_THREAD);
    EXPECT_EQ(native.run(call(AUDIT_ARCH_AARCH64, 63)), SECCOMP_RET_KILL_THREAD);
    EXPECT_NE(native.run(call(kNative, static_cast<int>(kX32Bit))), SECCOMP_RET_ALLOW);
    seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
    auto all = compile(seccomp);
    EXPECT_EQ(all.run(call(kNative, 0)), kErrno | 95);
    EXPECT_EQ(all.run(call(AUDIT_ARCH_I386, 3)), kErrno | 95);
    EXPECT_EQ(all.run(call(kNative, static_cast<int>(kX32Bit))), kErrno | 95);
    EXPECT_EQ(all.run(call(AUDIT_ARCH_I386, 0)), SECCOMP_RET_ALLOW) << "read is 3 there";
    EXPECT_EQ(all.run(call(AUDIT_ARCH_AARCH64, 63)), SECCOMP_RET_KILL_THREAD);
}

// Random rules of the kinds that go together: one for a call, with any conditions; several with one
// condition each; several that ask for equality. A round may be refused, never misread.
class RandomRules {
  public:
    Seccomp next() {
        const uint64_t kind = pick(4);
        std::vector<std::string> left = kCalls;
        Seccomp seccomp = policy({});
        if (kX86 && pick(2) == 0) seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X32"};
        for (uint64_t i = pick(10) + 1; i > 0 && !left.empty(); --i) {
            const size_t chosen = pick(left.size());
            // One action besides the default's: which of two that both hold wins is not specified.
            seccomp.syscalls.push_back(rule({left.at(chosen)}, "SCMP_ACT_ALLOW", conditions(kind)));
            if (kind == 0) left.erase(left.begin() + static_cast<ptrdiff_t>(chosen));
        }
        return seccomp;
    }

    Args arguments() {
        Args args{};
        for (uint64_t& arg : args) arg = value() + pick(2);
        return args;
    }

    static inline const std::vector<std::string> kCalls = {
        "socket", "clone", "ioctl", "prctl", "mmap", "openat", "fcntl", "futex"};

  private:
    std::vector<SeccompArg> conditions(uint64_t kind) {
        std::vector<SeccompArg> list;
        const uint64_t count = kind == 1 ? pick(2) : pick(4);
        for (uint32_t index = 0; index < count; ++index) {
            const uint64_t first = kind == 2 ? 5 : 0;
            const char* op = kOperators.at(first + pick(kOperators.size() - first));
            const uint64_t limit = kind == 1 ? UINT32_MAX : UINT64_MAX;
            const uint64_t one = value() & limit;
            list.push_back({.index = index, .value = one, .value_two = value() & one, .op = op});
        }
        return list;
    }

    uint64_t pick(uint64_t count) {
        return std::uniform_int_distribution<uint64_t>(0, count - 1)(random_);
    }

    uint64_t value() {
        static constexpr std::array<uint64_t, 6> kValues = {
            0, 1, 0x28, 0x80000000, 0x100000028, UINT64_MAX};
        return kValues.at(pick(kValues.size()));
    }

    static constexpr std::array<const char*, 7> kOperators = {"SCMP_CMP_NE",
                                                              "SCMP_CMP_LT",
                                                              "SCMP_CMP_LE",
                                                              "SCMP_CMP_GE",
                                                              "SCMP_CMP_GT",
                                                              "SCMP_CMP_EQ",
                                                              "SCMP_CMP_MASKED_EQ"};
    std::mt19937_64 random_{11};
};

TEST(Seccomp, RandomRulesAreReadAsWritten) {
    RandomRules random;
    int compiled = 0;
    for (int round = 0; round < 200; ++round) {
        const Seccomp seccomp = random.next();
        const auto program = seccomp_program(seccomp, "");
        if (!program) {
            ASSERT_EQ(program.error().kind, ErrorKind::Unsupported) << program.error().message;
            continue;
        }
        ++compiled;
        BpfMachine machine(*program);
        for (const std::string& name : RandomRules::kCalls) {
            for (int probe = 0; probe < 40; ++probe) {
                const Args args = random.arguments();
                ASSERT_EQ(machine.run(call(kNative, number_of(kNative, name), args)),
                          verdict(seccomp, name, args))
                    << "round " << round << " " << describe(seccomp, name, args);
            }
        }
    }
    EXPECT_GE(compiled, 100);
}

// What libseccomp opens wider than asked, or compiles for ever, is an error.
TEST(Seccomp, RefusesWhatIsMiscompiled) {
    const SeccompArg wide{.index = 0, .value = 0x100000028, .op = "SCMP_CMP_GE"};
    const SeccompArg low{.index = 0, .value = 0, .op = "SCMP_CMP_LE"};
    EXPECT_TRUE(seccomp_program(policy({rule({"clone"}, "SCMP_ACT_ALLOW", {wide})}), ""));
    EXPECT_FALSE(seccomp_program(policy({rule({"clone"}, "SCMP_ACT_ALLOW", {wide}),
                                         rule({"clone"}, "SCMP_ACT_ALLOW", {low})}),
                                 ""));
    EXPECT_FALSE(seccomp_program(policy({rule({"clone"}, "SCMP_ACT_ALLOW", {low, wide})}), ""));
    const SeccompArg unequal{.index = 0, .value = 1, .op = "SCMP_CMP_NE"};
    const SeccompArg second{.index = 1, .value = 1, .op = "SCMP_CMP_EQ"};
    EXPECT_TRUE(
        seccomp_program(policy({rule({"clone"}, "SCMP_ACT_ALLOW", {unequal, second})}), ""));
    EXPECT_FALSE(seccomp_program(policy({rule({"clone"}, "SCMP_ACT_ALLOW", {unequal, second}),
                                         rule({"clone"}, "SCMP_ACT_ALLOW", {low})}),
                                 ""));
    EXPECT_TRUE(seccomp_program(policy({rule({"clone"}, "SCMP_ACT_ALLOW", {wide}),
                                        rule({"socket"}, "SCMP_ACT_ALLOW", {low})}),
                                ""));
}

// The conditions on socket(2) are behind a pointer in socketcall(2): libseccomp drops them.
TEST(Seccomp, ConditionsAreNotLostInSocketcall) {
    if (!kX86) GTEST_SKIP() << "about i386";
    constexpr int kSocketcall = 102;
    const SeccompArg unix_only{
        .index = 0, .value = 0xffffffff, .value_two = 1, .op = "SCMP_CMP_MASKED_EQ"};
    const auto answer = [&](Seccomp seccomp) {
        seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"};
        return compile(seccomp).run(call(AUDIT_ARCH_I386, kSocketcall, {1, 0x1000}));
    };
    const auto allow_unix = rule({"socket"}, "SCMP_ACT_ALLOW", {unix_only});
    EXPECT_EQ(answer(policy({allow_unix})), kErrno | ENOSYS);
    Seccomp absent = policy({allow_unix});
    absent.default_errno_ret = ENOSYS;
    EXPECT_EQ(answer(absent), kErrno | EPERM);
    // A rule that says what the default says is a rule all the same.
    EXPECT_EQ(answer(policy({rule({"socket"}, "SCMP_ACT_ALLOW"),
                             rule({"socketcall"}, "SCMP_ACT_ERRNO", {}, EPERM)})),
              kErrno | ENOSYS);
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
