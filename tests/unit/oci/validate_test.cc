// SPDX-License-Identifier: Apache-2.0
// What a hostile config.json must not get past: the parser's types and ranges, then validate().
#include "oci/runtime/validate.h"

#include "oci/runtime/namespaces/sysctl.h"
#include "oci/runtime/security/labels.h"

#include <gtest/gtest.h>

#include <functional>

namespace dhow::oci {
namespace {

RuntimeSpec sample() {
    RuntimeSpec spec;
    spec.root = Root{.path = "rootfs"};
    spec.process = Process{};
    spec.process->args = {"/bin/true"};
    spec.process->cwd = "/";
    spec.linux_ = Linux{};
    for (const auto type : {NamespaceType::Mount,
                            NamespaceType::Pid,
                            NamespaceType::Ipc,
                            NamespaceType::Network,
                            NamespaceType::Uts}) {
        spec.linux_->namespaces.push_back({.type = type, .path = ""});
    }
    return spec;
}

std::string verdict(const std::function<void(RuntimeSpec&)>& change,
                    const LaunchOptions& options = {}) {
    RuntimeSpec spec = sample();
    change(spec);
    const auto valid = validate(spec, options);
    return valid ? "ok" : valid.error().message;
}

void drop(RuntimeSpec& spec, NamespaceType type) {
    std::erase_if(spec.linux_->namespaces, [&](const Namespace& n) { return n.type == type; });
}

// config.md: "If set, timeout MUST be greater than zero."
TEST(Validate, AHookHasTime) {
    const auto with = [](int seconds) {
        return verdict([seconds](auto& s) {
            s.hooks = Hooks{};
            s.hooks->create_container = {Hook{.path = "/a", .timeout = 1},
                                         Hook{.path = "/b", .timeout = seconds}};
        });
    };
    EXPECT_EQ(with(1), "ok");
    const std::string wrong =
        "config.json: hooks.createContainer[1].timeout must be greater than zero";
    EXPECT_EQ(with(0), wrong);
    EXPECT_EQ(with(-1), wrong);
}

TEST(Validate, AcceptsWhatIsComplete) {
    EXPECT_EQ(verdict([](auto&) {}), "ok");
    EXPECT_EQ(verdict([](auto& s) { s.oci_version = "1"; }), "ok");
    EXPECT_EQ(verdict([](auto& s) { s.oci_version = "1.99.3-dev+x"; }), "ok");
    EXPECT_EQ(verdict([](auto& s) { s.hostname = "h"; }), "ok");
}

TEST(Validate, NamesWhatIsMissing) {
    EXPECT_NE(verdict([](auto& s) { s.oci_version.clear(); }).find("ociVersion"),
              std::string::npos);
    EXPECT_NE(verdict([](auto& s) { s.root.reset(); }).find("root.path"), std::string::npos);
    EXPECT_NE(verdict([](auto& s) { s.root->path.clear(); }).find("root.path"), std::string::npos);
    EXPECT_NE(verdict([](auto& s) { s.process.reset(); }).find("process"), std::string::npos);
    EXPECT_NE(verdict([](auto& s) { s.linux_.reset(); }).find("linux"), std::string::npos);
    EXPECT_NE(verdict([](auto& s) { s.process->args.clear(); }).find("args"), std::string::npos);
    EXPECT_NE(verdict([](auto& s) { s.process->args = {""}; }).find("args"), std::string::npos);
    for (const char* version : {"0.9", "2.0.0", "10.0", "1a", "v1.0", " 1.0"}) {
        EXPECT_NE(verdict([&](auto& s) { s.oci_version = version; }), "ok") << version;
    }
    for (const char* cwd : {"", "tmp", "./", "../x"}) {
        EXPECT_NE(verdict([&](auto& s) { s.process->cwd = cwd; }).find("cwd"), std::string::npos);
    }
}

TEST(Validate, NamespacesThatMembersNeed) {
    EXPECT_EQ(verdict([](auto& s) { drop(s, NamespaceType::Mount); }), "ok") << "it is then shared";
    EXPECT_EQ(verdict([](auto& s) { s.linux_->namespaces[0].path = "/proc/1/ns/mnt"; }), "ok")
        << "the root is a chroot then, its mounts are cut off from the others'";
    EXPECT_NE(verdict([](auto& s) {
                  drop(s, NamespaceType::Uts);
                  s.hostname = "h";
              }),
              "ok");
    EXPECT_NE(verdict([](auto& s) {
                  drop(s, NamespaceType::Uts);
                  s.domainname = "h";
              }),
              "ok");
    EXPECT_NE(verdict([](auto& s) { s.linux_->uid_mappings = {{0, 1000, 1}}; }), "ok");
    EXPECT_NE(verdict([](auto& s) { s.linux_->gid_mappings = {{0, 1000, 1}}; }), "ok");
    EXPECT_NE(verdict([](auto& s) { s.linux_->time_offsets["boottime"] = {}; }), "ok");
    EXPECT_EQ(verdict([](auto& s) {
                  s.linux_->namespaces.push_back({.type = NamespaceType::User, .path = ""});
                  s.linux_->uid_mappings = {{0, 1000, 1}};
              }),
              "ok");
}

TEST(Validate, UnsupportedIsAnErrorAndNeverSkipped) {
    EXPECT_EQ(verdict([](auto& s) { s.process->apparmor_profile = "docker-default"; }) == "ok",
              apparmor_enabled());
    EXPECT_EQ(verdict([](auto& s) { s.process->selinux_label = "x"; }) == "ok", selinux_enabled());
    EXPECT_NE(verdict([](auto& s) { s.linux_->memory_policy = MemoryPolicy{}; }), "ok");
    EXPECT_NE(verdict([](auto& s) { s.linux_->net_devices["a/b"] = {}; }), "ok");
}

TEST(Validate, PathsAreAbsolute) {
    EXPECT_NE(verdict([](auto& s) { s.linux_->masked_paths = {"/ok", "proc/kcore"}; }), "ok");
    EXPECT_NE(verdict([](auto& s) { s.linux_->readonly_paths = {""}; }), "ok");
}

TEST(Validate, TerminalsAndTheirSocket) {
    const auto terminal = [](RuntimeSpec& s) { s.process->terminal = true; };
    EXPECT_EQ(verdict(terminal, {}), "ok");
    EXPECT_NE(verdict(terminal, {.detach = true}), "ok");
    EXPECT_EQ(verdict(terminal, {.console_socket = "/s", .detach = true}), "ok");
    EXPECT_NE(verdict([](auto&) {}, {.console_socket = "/s"}), "ok");
}

TEST(Validate, MessagesAreOneLineWhateverTheCallerWrote) {
    const std::string nasty = "x\n\x1b[31m\x7f";
    for (const auto& message : {verdict([&](auto& s) { s.oci_version = nasty; }),
                                verdict([&](auto& s) { s.process->apparmor_profile = nasty; }),
                                verdict([&](auto& s) { s.linux_->masked_paths = {nasty}; }),
                                verdict([&](auto& s) { s.linux_->sysctl[nasty] = "1"; }),
                                verdict([&](auto& s) { s.linux_->sysctl["net.x"] = "1\n2"; })}) {
        EXPECT_NE(message, "ok");
        for (const char letter : message) EXPECT_GE(letter, ' ') << message;
    }
}

TEST(Sysctl, OnlyWhatANamespaceOfItsOwnIsolates) {
    for (const char* key : {"kernel.shmmax", "kernel/shmmax", "kernel.sem", "fs.mqueue.msg_max"}) {
        EXPECT_TRUE(check_sysctl(key, true, false, false)) << key;
        EXPECT_FALSE(check_sysctl(key, false, true, true)) << key;
    }
    for (const char* key : {"net.core.somaxconn",
                            "net/ipv4/conf/eth0.1/forwarding",
                            "net.ipv4.conf.eth0/1.forwarding"}) {
        EXPECT_TRUE(check_sysctl(key, false, true, false)) << key;
        EXPECT_FALSE(check_sysctl(key, true, false, true)) << key;
    }
    EXPECT_TRUE(check_sysctl("kernel.domainname", false, false, true));
    EXPECT_FALSE(check_sysctl("kernel.domainname", true, true, false));
    for (const char* key : {"kernel.hostname",
                            "kernel.core_pattern",
                            "kernel.sysrq",
                            "vm.swappiness",
                            "fs.file-max",
                            "kernel.shmmax_",
                            "net",
                            "",
                            ".",
                            "/",
                            "net.",
                            ".net",
                            "net..core",
                            "net//core",
                            "net/../kernel/core_pattern",
                            "net.core/../../kernel/sysrq",
                            "net/./core",
                            "/net/core",
                            "kernel.sem.x",
                            "fs.mqueue",
                            "fs/mqueue/../file-max",
                            "netx.core"}) {
        EXPECT_FALSE(check_sysctl(key, true, true, true)) << key;
    }
}

std::string parsed(const std::string& text) {
    const auto spec = parse_runtime_spec(text);
    return spec ? "ok" : spec.error().message;
}

// CVE-2024-40635 and kin: no number wraps, no text is taken for one.
TEST(HostileConfig, IdsAreWholeNumbersOf32Bits) {
    for (const char* id : {"-1",
                           "4294967296",
                           "4294967297",
                           "18446744073709551616",
                           "1e10",
                           "\"0\"",
                           "\"root\"",
                           "null2",
                           "1.5",
                           "[0]",
                           "true"}) {
        EXPECT_NE(parsed(std::string(R"({"process": {"user": {"uid": )") + id + "}}}"), "ok") << id;
        EXPECT_NE(parsed(std::string(R"({"process": {"user": {"gid": )") + id + "}}}"), "ok") << id;
        EXPECT_NE(parsed(std::string(R"({"process": {"user": {"additionalGids": [)") + id + "]}}}"),
                  "ok")
            << id;
        EXPECT_NE(
            parsed(std::string(R"({"linux": {"uidMappings": [{"containerID": 0, "hostID": )") + id +
                   R"(, "size": 1}]}})"),
            "ok")
            << id;
    }
    EXPECT_EQ(parsed(R"({"process": {"user": {"uid": 2147483648, "gid": 4294967294}}})"), "ok");
}

// (uid_t)-1 means "leave as it is" to setresuid(2): the program would stay root.
TEST(HostileConfig, TheIdThatMeansNoChangeIsRefused) {
    EXPECT_NE(verdict([](auto& s) { s.process->user.uid = UINT32_MAX; }), "ok");
    EXPECT_NE(verdict([](auto& s) { s.process->user.gid = UINT32_MAX; }), "ok");
    EXPECT_NE(verdict([](auto& s) { s.process->user.additional_gids = {5, UINT32_MAX}; }), "ok");
}

TEST(HostileConfig, DepthAndNulAndDuplicatesAreRefused) {
    EXPECT_NE(parsed(std::string(100000, '[')), "ok");
    EXPECT_NE(parsed(R"({"process": {"cwd": "/\u0000etc"}})"), "ok");
    EXPECT_NE(parsed(R"({"process": {"args": ["a\u0000b"]}})"), "ok");
    EXPECT_NE(parsed(R"({"annotations": {"a": "\u0000b"}})"), "ok");
    EXPECT_NE(parsed(R"({"root": {"path": "a"}, "root": {"path": "b"}})"), "ok");
}

}  // namespace
}  // namespace dhow::oci
