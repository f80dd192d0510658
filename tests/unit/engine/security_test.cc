// SPDX-License-Identifier: Apache-2.0
// --security-opt taken apart, and the seccomp policy that follows.
#include "engine/default_syscalls.h"
#include "engine/seccomp_policy.h"
#include "engine/security_options.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include <sys/utsname.h>

namespace dhow::engine {
namespace {

using Words = std::vector<std::string>;

TEST(SecurityOptions, TakenApart) {
    const auto none = parse_security_options({});
    EXPECT_FALSE(none.no_new_privileges);
    EXPECT_EQ(none.seccomp, "");
    for (const char* text :
         {"no-new-privileges", "no-new-privileges=true", "no-new-privileges:true"}) {
        EXPECT_TRUE(parse_security_options({text}).no_new_privileges) << text;
    }
    EXPECT_FALSE(parse_security_options({"no-new-privileges:false"}).no_new_privileges);
    EXPECT_FALSE(
        parse_security_options({"no-new-privileges", "no-new-privileges=false"}).no_new_privileges);
    EXPECT_EQ(parse_security_options({"seccomp=/a/b=c:d"}).seccomp, "/a/b=c:d");
    EXPECT_EQ(parse_security_options({"seccomp=x", "seccomp=unconfined"}).seccomp, "unconfined");
    EXPECT_EQ(parse_security_options({"apparmor=profile"}).apparmor, "profile");
    const auto paths = parse_security_options({"mask=/a:/b::", "mask=/c", "unmask=ALL"});
    EXPECT_EQ(paths.mask, (Words{"/a", "/b", "/c"}));
    EXPECT_EQ(paths.unmask, Words{"ALL"});
}

// What the policy says of one call, arguments aside.
std::set<std::string> actions_of(const oci::Seccomp& policy, const std::string& name) {
    std::set<std::string> actions;
    for (const auto& rule : policy.syscalls) {
        if (std::find(rule.names.begin(), rule.names.end(), name) == rule.names.end()) continue;
        actions.insert(rule.action + (rule.args.empty() ? "" : "?") +
                       (rule.errno_ret ? " " + std::to_string(*rule.errno_ret) : ""));
    }
    return actions;
}

using Actions = std::set<std::string>;

TEST(DefaultSeccomp, AllowsWhatProgramsNeedAndNoMore) {
    const auto policy = default_seccomp({});
    EXPECT_EQ(policy.default_action, "SCMP_ACT_ERRNO");
    EXPECT_EQ(policy.default_errno_ret, ENOSYS);
    for (const char* name : {"read", "execve", "openat2", "futex", "rseq", "epoll_pwait2"}) {
        EXPECT_EQ(actions_of(policy, name), Actions{"SCMP_ACT_ALLOW"}) << name;
    }
    const std::string refused = "SCMP_ACT_ERRNO " + std::to_string(EPERM);
    for (const char* name : {"mount",
                             "setns",
                             "unshare",
                             "bpf",
                             "kexec_load",
                             "init_module",
                             "keyctl",
                             "add_key",
                             "request_key",
                             "perf_event_open",
                             "reboot"}) {
        EXPECT_EQ(actions_of(policy, name), Actions{refused}) << name;
    }
    EXPECT_EQ(actions_of(policy, "clone"), Actions{"SCMP_ACT_ALLOW?"});
    EXPECT_EQ(actions_of(policy, "clone3"), Actions{"SCMP_ACT_ERRNO " + std::to_string(ENOSYS)});
}

TEST(DefaultSeccomp, CapabilitiesWidenIt) {
    const auto policy = default_seccomp({"CAP_SYS_ADMIN"});
    for (const char* name : {"mount", "setns", "unshare", "clone", "clone3"}) {
        EXPECT_EQ(actions_of(policy, name), Actions{"SCMP_ACT_ALLOW"}) << name;
    }
    const std::string refused = "SCMP_ACT_ERRNO " + std::to_string(EPERM);
    EXPECT_EQ(actions_of(policy, "keyctl"), Actions{refused});
    EXPECT_EQ(actions_of(policy, "init_module"), Actions{refused});
    EXPECT_EQ(actions_of(default_seccomp({"CAP_SYS_MODULE"}), "init_module"),
              Actions{"SCMP_ACT_ALLOW"});
    EXPECT_EQ(actions_of(default_seccomp({"cap_sys_admin", "SYS_ADMIN"}), "mount"),
              Actions{refused});
}

// A call must never be both allowed and refused: which one counts would be libseccomp's choice.
TEST(DefaultSeccomp, NoCallHasTwoAnswers) {
    for (const Words& capabilities :
         {Words{}, Words{"CAP_SYS_ADMIN"}, Words{"CAP_SYS_PTRACE", "CAP_NET_ADMIN"}}) {
        const auto policy = default_seccomp(capabilities);
        std::set<std::string> names;
        for (const auto& rule : policy.syscalls) names.insert(rule.names.begin(), rule.names.end());
        for (const std::string& name : names) {
            EXPECT_EQ(actions_of(policy, name).size(), 1U) << name;
        }
        for (const std::string_view name : denied_syscalls()) {
            EXPECT_FALSE(actions_of(policy, std::string(name)).contains("SCMP_ACT_ALLOW")) << name;
        }
    }
}

// The kernel looks at 32 bits of these arguments: a comparison of 64 could be walked around.
TEST(DefaultSeccomp, ArgumentsAreComparedUnderAMask) {
    const auto policy = default_seccomp({});
    std::set<uint64_t> families;
    for (const auto& rule : policy.syscalls) {
        for (const auto& argument : rule.args) {
            EXPECT_EQ(argument.op, "SCMP_CMP_MASKED_EQ");
            EXPECT_EQ(argument.index, 0U);
            if (rule.names == Words{"socket"}) {
                EXPECT_EQ(argument.value, 0xffffffffU);
                families.insert(argument.value_two);
            }
        }
    }
    EXPECT_TRUE(families.contains(1) && families.contains(2) && families.contains(10));
    EXPECT_FALSE(families.contains(38));  // AF_ALG
    EXPECT_FALSE(families.contains(40));  // AF_VSOCK
}

class SeccompFileTest : public testing::Test {
  protected:
    Result<oci::Seccomp> load(const std::string& text, const Words& capabilities = {}) {
        dir_.write("profile.json", text);
        return load_seccomp(dir_ / "profile.json", capabilities);
    }

    test::TempDir dir_;
};

TEST_F(SeccompFileTest, TheRuntimeSpecsForm) {
    const auto policy = load(R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,
        "architectures":["SCMP_ARCH_X86_64"],"flags":["SECCOMP_FILTER_FLAG_LOG"],
        "syscalls":[{"names":["read","write"],"action":"SCMP_ACT_ALLOW"},
                    {"name":"old","action":"SCMP_ACT_ERRNO","errnoRet":1,
                     "args":[{"index":2,"value":4294967295,"valueTwo":7,"op":"SCMP_CMP_EQ"}]}]})");
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_EQ(policy->default_action, "SCMP_ACT_ERRNO");
    EXPECT_EQ(policy->default_errno_ret, 38U);
    EXPECT_EQ(policy->architectures, Words{"SCMP_ARCH_X86_64"});
    EXPECT_EQ(policy->flags, Words{"SECCOMP_FILTER_FLAG_LOG"});
    ASSERT_EQ(policy->syscalls.size(), 2U);
    EXPECT_EQ(policy->syscalls[0].names, (Words{"read", "write"}));
    EXPECT_EQ(policy->syscalls[1].names, Words{"old"});
    EXPECT_EQ(policy->syscalls[1].errno_ret, 1U);
    ASSERT_EQ(policy->syscalls[1].args.size(), 1U);
    EXPECT_EQ(policy->syscalls[1].args[0].index, 2U);
    EXPECT_EQ(policy->syscalls[1].args[0].value, 0xffffffffU);
    EXPECT_EQ(policy->syscalls[1].args[0].value_two, 7U);
}

// A mask is often all ones.
TEST_F(SeccompFileTest, ArgumentsHave64Bits) {
    const auto policy = load(R"({"defaultAction":"x","syscalls":[{"names":["a"],"action":"y",
        "args":[{"index":0,"value":18446744073709551615,"op":"SCMP_CMP_MASKED_EQ"}]}]})");
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_EQ(policy->syscalls[0].args[0].value, UINT64_MAX);
    for (const char* argument : {R"({"index":-1})",
                                 R"({"index":6})",
                                 R"({"value":-1})",
                                 R"({"value":1.5})",
                                 R"({"value":"1"})",
                                 R"("text")"}) {
        EXPECT_FALSE(load(R"({"defaultAction":"x","syscalls":[{"names":["a"],"args":[)" +
                          std::string(argument) + "]}]}"))
            << argument;
    }
}

TEST_F(SeccompFileTest, DockersConditions) {
    utsname system{};
    ::uname(&system);
    const std::string machine(system.machine);
    const std::string here = machine == "x86_64"    ? "amd64"
                             : machine == "aarch64" ? "arm64"
                                                    : machine;
    const std::string text = R"({"defaultAction":"x","syscalls":[
        {"names":["always"],"action":"y"},
        {"names":["admin"],"action":"y","includes":{"caps":["CAP_SYS_ADMIN"]}},
        {"names":["plain"],"action":"y","excludes":{"caps":["CAP_SYS_ADMIN"]}},
        {"names":["both"],"action":"y","includes":{"caps":["CAP_SYS_ADMIN","CAP_BPF"]}},
        {"names":["here"],"action":"y","includes":{"arches":[")" +
                             here + R"("]}},
        {"names":["there"],"action":"y","includes":{"arches":["vax"]}},
        {"names":["not_here"],"action":"y","excludes":{"arches":[")" +
                             here + R"("]}}]})";
    const auto names = [&](const Words& capabilities) {
        const auto policy = load(text, capabilities);
        std::string all;
        EXPECT_TRUE(policy) << policy.error().message;
        if (!policy) return all;
        for (const auto& rule : policy->syscalls) all += rule.names.front() + " ";
        return all;
    };
    EXPECT_EQ(names({}), "always plain here ");
    EXPECT_EQ(names({"CAP_SYS_ADMIN"}), "always admin here ");
    EXPECT_EQ(names({"CAP_BPF", "CAP_SYS_ADMIN"}), "always admin both here ");
}

TEST_F(SeccompFileTest, DamagedProfilesAreErrors) {
    for (const char* text : {"",
                             "[]",
                             "{}",
                             "{",
                             R"({"defaultAction":1})",
                             R"({"defaultAction":"x","syscalls":{}})",
                             R"({"defaultAction":"x","syscalls":[1]})",
                             R"({"defaultAction":"x","syscalls":[{"names":1}]})",
                             R"({"defaultAction":"x","defaultErrnoRet":-1})",
                             R"({"defaultAction":"x","syscalls":[{"names":["a"],"errnoRet":-1}]})",
                             R"({"defaultAction":"x","defaultAction":"y"})"}) {
        EXPECT_FALSE(load(text)) << text;
    }
    EXPECT_EQ(load_seccomp(dir_ / "missing", {}).error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace dhow::engine
