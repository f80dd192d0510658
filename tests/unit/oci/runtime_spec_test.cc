// SPDX-License-Identifier: Apache-2.0
#include "oci/spec/runtime_spec.h"

#include <gtest/gtest.h>

namespace dhow::oci {

static const char* const kConfig = R"({
  "ociVersion": "1.2.0",
  "process": {
    "terminal": true, "consoleSize": {"height": 24, "width": 80},
    "user": {"uid": 1000, "gid": 0, "umask": 18, "additionalGids": [5, 4294967294]},
    "args": ["/bin/sh", "-c", "echo ü"], "env": ["A=1"], "cwd": "/",
    "capabilities": {"bounding": ["CAP_CHOWN"], "ambient": []},
    "rlimits": [{"type": "RLIMIT_CORE", "hard": 18446744073709551615, "soft": 0}],
    "oomScoreAdj": -5, "noNewPrivileges": true
  },
  "root": {"path": "rootfs", "readonly": true},
  "hostname": "h", "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc", "options": null},
    {"destination": "/d", "source": "/s", "options": ["rbind", "ro"]}],
  "hooks": {"poststop": [{"path": "/bin/true", "args": ["true"], "timeout": 3}]},
  "annotations": {"a": "b"},
  "linux": {
    "namespaces": [{"type": "pid"}, {"type": "network", "path": "/n"}, {"type": "time"}],
    "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
    "timeOffsets": {"boottime": {"secs": -3, "nanosecs": 7}},
    "devices": [{"path": "/dev/x", "type": "c", "major": 10, "minor": 229, "fileMode": 438}],
    "resources": {"memory": {"limit": 1048576, "swap": -1}, "pids": {"limit": 10},
      "cpu": {"quota": 5000, "period": 100000}, "unified": {"memory.high": "max"},
      "devices": [{"allow": false, "access": "rwm"}]},
    "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
      "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW",
        "args": [{"index": 1, "value": 18446744073709551615, "op": "SCMP_CMP_EQ"}]}]},
    "maskedPaths": ["/proc/kcore"]
  },
  "windows": {"ignored": true}
})";

TEST(RuntimeSpec, ReadsEveryKindOfMember) {
    const auto spec = parse_runtime_spec(kConfig);
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->process->user.additional_gids, (std::vector<uint32_t>{5, 4294967294}));
    EXPECT_EQ(spec->process->user.umask, 18U);
    EXPECT_EQ(spec->process->rlimits[0].hard, UINT64_MAX);
    EXPECT_EQ(spec->process->args[2], "echo ü");
    EXPECT_EQ(spec->process->oom_score_adj, -5);
    EXPECT_TRUE(spec->mounts[0].options.empty());
    EXPECT_EQ(spec->linux_->namespaces[1].type, NamespaceType::Network);
    EXPECT_EQ(spec->linux_->namespaces[1].path, "/n");
    EXPECT_EQ(spec->linux_->time_offsets.at("boottime").secs, -3);
    EXPECT_EQ(spec->linux_->resources->memory->swap, -1);
    EXPECT_EQ(spec->linux_->seccomp->syscalls[0].args[0].value, UINT64_MAX);
    EXPECT_FALSE(spec->linux_->resources->devices[0].major.has_value());
    EXPECT_EQ(spec->hooks->poststop[0].timeout, 3);
}

TEST(RuntimeSpec, WritesWhatItReads) {
    const auto spec = parse_runtime_spec(kConfig);
    ASSERT_TRUE(spec);
    const std::string once = to_json(*spec);
    const auto again = parse_runtime_spec(once);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(to_json(*again), once);
    EXPECT_NE(once.find(R"("readonly":true)"), std::string::npos);
    EXPECT_NE(once.find(R"({"containerID":0,"hostID":100000,"size":65536})"), std::string::npos);
    EXPECT_EQ(once.find("windows"), std::string::npos);
}

TEST(RuntimeSpec, NamesTheMemberThatIsWrong) {
    const auto error = [](const char* text) {
        const auto spec = parse_runtime_spec(text);
        return spec ? std::string("accepted") : spec.error().message;
    };
    EXPECT_EQ(error(R"({"process": {"user": {"uid": 4294967296}}})"),
              "parse config.json: member: process.user.uid is not a whole number in range");
    EXPECT_EQ(error(R"({"process": {"args": ["a", 1]}})"),
              "parse config.json: member: process.args[1] is not a string");
    EXPECT_EQ(error(R"({"mounts": [{"destination": 1}]})"),
              "parse config.json: member: mounts[0].destination is not a string");
    EXPECT_EQ(error(R"({"linux": {"namespaces": [{"type": "x\n"}]}})"),
              "parse config.json: member: linux.namespaces[0].type is not a known namespace type: "
              "'x\\x0a'");
    EXPECT_EQ(error(R"({"hostname": "a\u0000b"})"),
              "parse config.json: member: hostname is not free of NUL characters");
    EXPECT_NE(error("[]"), "accepted");
    EXPECT_NE(error("{\"hostname\": \"a\", \"hostname\": \"b\"}"), "accepted");
}

TEST(RuntimeSpec, ARelativeDestinationIsBelowTheRoot) {
    const auto spec = parse_runtime_spec(
        R"({"mounts": [{"destination": "dev"}, {"destination": "/a"}, {"destination": ""}]})");
    ASSERT_TRUE(spec);
    EXPECT_EQ(spec->mounts[0].destination, "/dev");
    EXPECT_EQ(spec->mounts[1].destination, "/a");
    EXPECT_EQ(spec->mounts[2].destination, "");
}

TEST(RuntimeSpec, KnowsWhatVersion13Added) {
    const auto spec = parse_runtime_spec(R"({"linux": {
        "netDevices": {"eth0": {"name": "wan0"}, "eth1": {}},
        "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0-1", "flags": ["MPOL_F_STATIC_NODES"]}}})");
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->linux_->net_devices.at("eth0").name, "wan0");
    EXPECT_EQ(spec->linux_->net_devices.at("eth1").name, "");
    EXPECT_EQ(spec->linux_->memory_policy->nodes, "0-1");
    const auto again = parse_runtime_spec(to_json(*spec));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->linux_->net_devices.size(), 2U);
    EXPECT_EQ(again->linux_->memory_policy->flags.size(), 1U);
}

TEST(RuntimeSpec, ReadsAProcessAlone) {
    const auto process = parse_process(R"({"args": ["id"], "user": {"uid": 7}, "cwd": "/tmp"})");
    ASSERT_TRUE(process);
    EXPECT_EQ(process->user.uid, 7U);
    EXPECT_EQ(to_json(*process), R"({"user":{"uid":7,"gid":0},"args":["id"],"cwd":"/tmp"})");
}

}  // namespace dhow::oci
