// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/create_body.h"

#include <gtest/gtest.h>

namespace dhow::api {

using engine::CreateRequest;
using engine::MountKind;
using engine::NetworkKind;

static Result<CreateRequest> parse(std::string_view body) {
    const json::Object object = TRY(json::parse_object(body, "create body"));
    return parse_create_body(object, "/web");
}

// What docker 28.2 sends for: run --rm -p 8080:80 -v /tmp:/x:ro --tmpfs /y -e A=1 --memory 64m
// --cpus 0.5 busybox echo hi
static constexpr std::string_view kDocker28 = R"({"Hostname":"","Domainname":"","User":"",
"AttachStdin":false,"AttachStdout":true,"AttachStderr":true,"ExposedPorts":{"80/tcp":{}},"Tty":false,
"OpenStdin":false,"StdinOnce":false,"Env":["A=1"],"Cmd":["echo","hi"],"Image":"busybox","Volumes":{},
"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":{},"HostConfig":{"Binds":["/tmp:/x:ro"],
"ContainerIDFile":"","LogConfig":{"Type":"","Config":{}},"NetworkMode":"default","PortBindings":
{"80/tcp":[{"HostIp":"","HostPort":"8080"}]},"RestartPolicy":{"Name":"no","MaximumRetryCount":0},
"AutoRemove":true,"VolumeDriver":"","VolumesFrom":null,"ConsoleSize":[24,80],"CapAdd":null,"CapDrop":
null,"CgroupnsMode":"","Dns":[],"DnsOptions":[],"DnsSearch":[],"ExtraHosts":null,"GroupAdd":null,
"IpcMode":"","Cgroup":"","Links":null,"OomScoreAdj":0,"PidMode":"","Privileged":false,
"PublishAllPorts":false,"ReadonlyRootfs":false,"SecurityOpt":null,"Tmpfs":{"/y":""},"UTSMode":"",
"UsernsMode":"","ShmSize":0,"Isolation":"","CpuShares":0,"Memory":67108864,"NanoCpus":500000000,
"CgroupParent":"","BlkioWeight":0,"BlkioWeightDevice":[],"BlkioDeviceReadBps":[],
"BlkioDeviceWriteBps":[],"BlkioDeviceReadIOps":[],"BlkioDeviceWriteIOps":[],"CpuPeriod":0,
"CpuQuota":0,"CpuRealtimePeriod":0,"CpuRealtimeRuntime":0,"CpusetCpus":"","CpusetMems":"",
"Devices":[],"DeviceCgroupRules":null,"DeviceRequests":null,"MemoryReservation":0,"MemorySwap":0,
"MemorySwappiness":-1,"OomKillDisable":false,"PidsLimit":0,"Ulimits":[],"CpuCount":0,"CpuPercent":0,
"IOMaximumIOps":0,"IOMaximumBandwidth":0,"MaskedPaths":null,"ReadonlyPaths":null},
"NetworkingConfig":{"EndpointsConfig":{"default":{"IPAMConfig":null,"NetworkID":""}}}})";

TEST(CreateBody, WhatTheClientSends) {
    auto request = parse(kDocker28);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->name, "web");
    EXPECT_EQ(request->image, "busybox");
    EXPECT_EQ(request->pull, engine::PullPolicy::Never);
    EXPECT_EQ(request->command, (std::vector<std::string>{"echo", "hi"}));
    EXPECT_FALSE(request->entrypoint);
    EXPECT_TRUE(request->auto_remove);
    EXPECT_EQ(request->network, NetworkKind::Default);
    ASSERT_EQ(request->mounts.size(), 2U);
    EXPECT_EQ(
        request->mounts[0],
        (engine::MountSpec{
            .kind = MountKind::Bind, .source = "/tmp", .destination = "/x", .read_only = true}));
    EXPECT_EQ(request->mounts[1].kind, MountKind::Tmpfs);
    ASSERT_EQ(request->ports.size(), 1U);
    EXPECT_EQ(request->ports[0].host_port, 8080);
    EXPECT_EQ(request->resources.memory, 67108864);
    EXPECT_EQ(request->resources.nano_cpus, 500000000);
    EXPECT_FALSE(request->resources.pids_limit);
}

struct Refused {
    const char* body;
    const char* named;  // must appear in the message
};

class CreateRefuses : public testing::TestWithParam<Refused> {};

TEST_P(CreateRefuses, AndNamesTheMember) {
    auto request = parse(GetParam().body);
    ASSERT_FALSE(request) << GetParam().body;
    EXPECT_NE(request.error().message.find(GetParam().named), std::string::npos)
        << request.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Bodies,
    CreateRefuses,
    testing::Values(
        Refused{R"({})", "Image"},
        Refused{R"({"Image":7})", "Image"},
        Refused{R"({"Image":"a","Env":["HOME"]})", "HOME"},
        Refused{R"({"Image":"a","Tty":"yes"})", "Tty"},
        Refused{R"({"Image":"a","Healthcheck":{"Test":["CMD","x"]}})", "Healthcheck"},
        Refused{R"({"Image":"a","HostConfig":{"PidMode":"host"}})", "PidMode"},
        Refused{R"({"Image":"a","HostConfig":{"IpcMode":"host"}})", "IpcMode"},
        Refused{R"({"Image":"a","HostConfig":{"UsernsMode":"host"}})", "UsernsMode"},
        Refused{R"({"Image":"a","HostConfig":{"Devices":[{"PathOnHost":"/dev/sda"}]}})", "Devices"},
        Refused{R"({"Image":"a","HostConfig":{"DeviceRequests":[{"Count":-1}]}})",
                "DeviceRequests"},
        Refused{R"({"Image":"a","HostConfig":{"Runtime":"/tmp/evil"}})", "/tmp/evil"},
        Refused{R"({"Image":"a","HostConfig":{"Binds":["/a:b"]}})", "/a:b"},
        Refused{R"({"Image":"a","HostConfig":{"Binds":["/a:/b:ro:x"]}})", "/a:/b:ro:x"},
        Refused{R"({"Image":"a","HostConfig":{"Mounts":[{"Type":"npipe","Target":"/x"}]}})",
                "npipe"},
        Refused{
            R"({"Image":"a","HostConfig":{"Mounts":[{"Type":"bind","Source":"x","Target":"/x"}]}})",
            "absolute"},
        Refused{R"({"Image":"a","HostConfig":{"Mounts":[7]}})", "Mounts"},
        Refused{R"({"Image":"a","HostConfig":{"PortBindings":{"0/tcp":[{}]}}})", "0/tcp"},
        Refused{R"({"Image":"a","HostConfig":{"PortBindings":{"80/sctp":[{}]}}})", "sctp"},
        Refused{R"({"Image":"a","HostConfig":{"PortBindings":{"80":[{"HostPort":"99999"}]}}})",
                "99999"},
        Refused{R"({"Image":"a","HostConfig":{"Memory":-5}})", "Memory"},
        Refused{R"({"Image":"a","HostConfig":{"NanoCpus":1,"CpuQuota":1}})", "CpuQuota"},
        Refused{R"({"Image":"a","HostConfig":{"LogConfig":{"Type":"syslog"}}})", "syslog"},
        Refused{R"({"Image":"a","HostConfig":{"NetworkMode":"mine"}})", "mine"},
        Refused{R"({"Image":"a","HostConfig":{"RestartPolicy":{"Name":"often"}}})", "often"},
        Refused{
            R"({"Image":"a","HostConfig":{"AutoRemove":true,"RestartPolicy":{"Name":"always"}}})",
            "AutoRemove"},
        Refused{R"({"Image":"a","HostConfig":{"SecurityOpt":["seccomp={}"]}})", "seccomp"}));

TEST(CreateBody, UnknownMembersGrantNothing) {
    auto request =
        parse(R"({"Image":"a","privileged":true,"HostConfig":{"privileged":true,"X":1}})");
    ASSERT_TRUE(request);
    EXPECT_FALSE(request->privileged);
    EXPECT_TRUE(request->cap_add.empty());
}

TEST(CreateBody, EntrypointThreeWays) {
    EXPECT_FALSE(parse(R"({"Image":"a","Entrypoint":[]})")->entrypoint);
    EXPECT_EQ(parse(R"({"Image":"a","Entrypoint":"/x"})")->entrypoint,
              std::vector<std::string>{"/x"});
    EXPECT_EQ(parse(R"({"Image":"a","Entrypoint":[""]})")->entrypoint,
              std::vector<std::string>{""});
}

TEST(CreateBody, QuotaAndPeriodAreCpus) {
    auto request = parse(R"({"Image":"a","HostConfig":{"CpuQuota":50000,"CpuPeriod":100000}})");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->resources.nano_cpus, 500000000);
}

TEST(CreateBody, MountsWithOptions) {
    auto request =
        parse(R"({"Image":"a","Volumes":{"/data":{}},"HostConfig":{"Binds":["v:/data:rw,nocopy"],
        "Mounts":[{"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":1024,"Mode":1023}}]}})");
    ASSERT_TRUE(request) << request.error().message;
    ASSERT_EQ(request->mounts.size(), 2U);
    EXPECT_EQ(request->mounts[0].source, "v");
    EXPECT_EQ(request->mounts[0].kind, MountKind::Volume);
    EXPECT_EQ(request->mounts[1].options, (std::vector<std::string>{"size=1024", "mode=1777"}));
}

}  // namespace dhow::api
