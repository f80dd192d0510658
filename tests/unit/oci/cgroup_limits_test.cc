// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/cgroup/cgroup_limits.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dhow::oci {
namespace {

using Writes = std::vector<CgroupWrite>;

Writes v1(const char* text) {
    const auto resources = parse_resources(text);
    EXPECT_TRUE(resources) << resources.error().message;
    auto writes = limits_v1(*resources);
    EXPECT_TRUE(writes) << writes.error().message;
    return writes ? writes.take() : Writes{};
}

Result<Writes> try_v2(const char* text) {
    const auto resources = parse_resources(text);
    EXPECT_TRUE(resources) << resources.error().message;
    return limits_v2(*resources);
}

Writes v2(const char* text) {
    auto writes = try_v2(text);
    EXPECT_TRUE(writes) << writes.error().message;
    return writes ? writes.take() : Writes{};
}

std::string v2_error(const char* text) {
    const auto writes = try_v2(text);
    return writes ? "accepted" : writes.error().message;
}

TEST(CgroupLimits, NothingAskedNothingWritten) {
    EXPECT_TRUE(v1("{}").empty());
    EXPECT_TRUE(v2("{}").empty());
    EXPECT_TRUE(
        v2(R"({"memory": {}, "cpu": {}, "pids": {}, "blockIO": {}, "network": {}})").empty());
}

TEST(CgroupLimits, MemoryOfVersion1) {
    const Writes wanted = {{"memory", "memory.limit_in_bytes", "100"},
                           {"memory", "memory.memsw.limit_in_bytes", "-1"},
                           {"memory", "memory.soft_limit_in_bytes", "50"},
                           {"memory", "memory.swappiness", "0"},
                           {"memory", "memory.oom_control", "1"}};
    EXPECT_EQ(v1(R"({"memory": {"limit": 100, "swap": -1, "reservation": 50, "swappiness": 0,
                     "disableOOMKiller": true}})"),
              wanted);
    EXPECT_TRUE(v1(R"({"memory": {"disableOOMKiller": false}})").empty());
}

TEST(CgroupLimits, MemoryOfVersion2CountsSwapAlone) {
    const Writes wanted = {{"memory", "memory.swap.max", "50"},
                           {"memory", "memory.max", "100"},
                           {"memory", "memory.low", "25"}};
    EXPECT_EQ(v2(R"({"memory": {"limit": 100, "swap": 150, "reservation": 25}})"), wanted);
    const Writes none = {
        {.controller = "memory", .file = "memory.swap.max", .value = "0", .optional = true},
        {"memory", "memory.max", "100"}};
    EXPECT_EQ(v2(R"({"memory": {"limit": 100, "swap": 100}})"), none);
    const Writes swap_only = {
        {.controller = "memory", .file = "memory.swap.max", .value = "max", .optional = true}};
    EXPECT_EQ(v2(R"({"memory": {"swap": -1}})"), swap_only);
    const Writes unlimited = {
        swap_only[0], {"memory", "memory.max", "max"}, {"memory", "memory.low", "max"}};
    EXPECT_EQ(v2(R"({"memory": {"limit": -1, "swap": -1, "reservation": -1}})"), unlimited);
    const Writes both = {swap_only[0], {"memory", "memory.max", "max"}};
    EXPECT_EQ(v2(R"({"memory": {"limit": -1}})"), both) << "no limit to memory is none to swap";
    const Writes as_it_is = {{"memory", "memory.swap.max", "100"}, {"memory", "memory.max", "max"}};
    EXPECT_EQ(v2(R"({"memory": {"limit": -1, "swap": 100}})"), as_it_is);
}

TEST(CgroupLimits, ZeroIsNoWishAndKernelMemoryIsGone) {
    const char* const zeros = R"({
        "memory": {"limit": 0, "swap": 0, "reservation": 0, "kernel": 5, "kernelTCP": 0},
        "cpu": {"shares": 0, "quota": 0, "period": 0, "realtimeRuntime": 0, "realtimePeriod": 0},
        "blockIO": {"weight": 0, "leafWeight": 0}})";
    EXPECT_TRUE(v1(zeros).empty());
    EXPECT_TRUE(v2(zeros).empty());
}

TEST(CgroupLimits, MemoryThatVersion2LacksIsAnError) {
    EXPECT_NE(v2_error(R"({"memory": {"swap": 100}})"), "accepted");
    EXPECT_NE(v2_error(R"({"memory": {"limit": 0, "swap": 100}})"), "accepted");
    EXPECT_NE(v2_error(R"({"memory": {"limit": 100, "swap": 99}})"), "accepted");
    for (const char* member : {R"("swappiness": 1)", R"("disableOOMKiller": true)"}) {
        const std::string text = std::string(R"({"memory": {)") + member + "}}";
        EXPECT_NE(v2_error(text.c_str()).find("no such limit"), std::string::npos) << text;
    }
}

TEST(CgroupLimits, SharesBecomeAWeight) {
    EXPECT_EQ(weight_from_shares(2), 1U);
    EXPECT_EQ(weight_from_shares(262144), 10000U);
    EXPECT_EQ(weight_from_shares(1024), 100U) << "the one default is the other";
    EXPECT_EQ(weight_from_shares(512), 59U);
    EXPECT_EQ(weight_from_shares(3333), 256U);
    EXPECT_EQ(weight_from_shares(0), 1U);
    EXPECT_EQ(weight_from_shares(1), 1U);
    EXPECT_EQ(weight_from_shares(UINT64_MAX), 10000U);
    uint64_t last = 0;
    for (uint64_t shares = 0; shares < 270000; shares += 7) {
        const uint64_t weight = weight_from_shares(shares);
        ASSERT_GE(weight, std::max<uint64_t>(last, 1)) << shares;
        ASSERT_LE(weight, 10000U) << shares;
        last = weight;
    }
}

TEST(CgroupLimits, ProcessorsOfVersion1) {
    const Writes wanted = {{"cpu", "cpu.shares", "512"},
                           {"cpu", "cpu.cfs_period_us", "100000"},
                           {"cpu", "cpu.cfs_burst_us", "7"},
                           {"cpu", "cpu.cfs_quota_us", "-1"},
                           {"cpu", "cpu.rt_period_us", "8"},
                           {"cpu", "cpu.rt_runtime_us", "9"},
                           {"cpu", "cpu.idle", "1"},
                           {"cpuset", "cpuset.cpus", "0-1"},
                           {"cpuset", "cpuset.mems", "0"}};
    EXPECT_EQ(v1(R"({"cpu": {"shares": 512, "quota": -1, "burst": 7, "period": 100000,
                     "realtimeRuntime": 9, "realtimePeriod": 8, "cpus": "0-1", "mems": "0",
                     "idle": 1}})"),
              wanted);
}

TEST(CgroupLimits, ProcessorsOfVersion2) {
    const auto max = [](const char* members) {
        const std::string text = std::string(R"({"cpu": {)") + members + "}}";
        const auto writes = v2(text.c_str());
        return writes.size() == 1 && writes[0].file == "cpu.max" ? writes[0].value : "(none)";
    };
    EXPECT_EQ(max(R"("quota": 50000, "period": 200000)"), "50000 200000");
    EXPECT_EQ(max(R"("quota": 50000)"), "50000 100000");
    EXPECT_EQ(max(R"("quota": -1)"), "max 100000");
    EXPECT_EQ(max(R"("period": 5000)"), "max 5000");
    const Writes weight = {{"cpu", "cpu.weight", "10000"}, {"cpuset", "cpuset.cpus", "1"}};
    EXPECT_EQ(v2(R"({"cpu": {"shares": 262144, "cpus": "1"}})"), weight);
    EXPECT_TRUE(v2(R"({"cpu": {"shares": 0}})").empty()) << "zero is no wish";
    EXPECT_NE(v2_error(R"({"cpu": {"realtimeRuntime": 1}})"), "accepted");
    EXPECT_NE(v2_error(R"({"cpu": {"realtimePeriod": 1}})"), "accepted");
    const Writes idle = {{"cpu", "cpu.idle", "1"}};
    const char* const moot = R"({"cpu": {"shares": 200, "idle": 1}})";
    EXPECT_EQ(v2(moot), idle) << "the kernel refuses a weight while the group is idle";
    EXPECT_EQ(v2(R"({"unified": {"cpu.idle": "1", "cpu.weight": "8"}})"), idle);
    EXPECT_TRUE(weight_is_moot(*parse_resources(moot)));
    EXPECT_FALSE(weight_is_moot(*parse_resources(R"({"cpu": {"shares": 200, "idle": 0}})")));
}

TEST(CgroupLimits, SharesOutOfRangeAreNotMovedSilently) {
    for (const char* shares : {"1", "262145"}) {
        const auto resources =
            parse_resources(std::string(R"({"cpu": {"shares": )") + shares + "}}");
        ASSERT_TRUE(resources);
        EXPECT_FALSE(limits_v1(*resources)) << shares;
        EXPECT_TRUE(limits_v2(*resources)) << shares;
    }
}

TEST(CgroupLimits, ProcessesOfBothVersions) {
    for (const auto& [limit, value] :
         {std::pair{"10", "10"}, {"0", "max"}, {"-1", "max"}, {"-7", "max"}}) {
        const std::string text = std::string(R"({"pids": {"limit": )") + limit + "}}";
        const Writes wanted = {{"pids", "pids.max", value}};
        EXPECT_EQ(v1(text.c_str()), wanted);
        EXPECT_EQ(v2(text.c_str()), wanted);
    }
}

TEST(CgroupLimits, BlockDevices) {
    const char* const text = R"({"blockIO": {"weight": 500,
        "weightDevice": [{"major": 8, "minor": 0, "weight": 300}],
        "throttleReadBpsDevice": [{"major": 8, "minor": 1, "rate": 10}],
        "throttleWriteBpsDevice": [{"major": 8, "minor": 2, "rate": 20}],
        "throttleReadIOPSDevice": [{"major": 8, "minor": 3, "rate": 30}],
        "throttleWriteIOPSDevice": [{"major": 8, "minor": 4, "rate": 18446744073709551615}]}})";
    const Writes first = {
        {"blkio", "blkio.weight", "500", "blkio.bfq.weight", "500"},
        {"blkio", "blkio.weight_device", "8:0 300", "blkio.bfq.weight_device", "8:0 300"},
        {"blkio", "blkio.throttle.read_bps_device", "8:1 10"},
        {"blkio", "blkio.throttle.write_bps_device", "8:2 20"},
        {"blkio", "blkio.throttle.read_iops_device", "8:3 30"},
        {"blkio", "blkio.throttle.write_iops_device", "8:4 18446744073709551615"}};
    EXPECT_EQ(v1(text), first);
    const Writes second = {{"io", "io.bfq.weight", "500", "io.weight", "4950"},
                           {"io", "io.bfq.weight", "8:0 300", "io.weight", "8:0 2930"},
                           {"io", "io.max", "8:1 rbps=10"},
                           {"io", "io.max", "8:2 wbps=20"},
                           {"io", "io.max", "8:3 riops=30"},
                           {"io", "io.max", "8:4 wiops=18446744073709551615"}};
    EXPECT_EQ(v2(text), second);
    const Writes lifted = {{"io", "io.max", "8:1 rbps=max"}};
    EXPECT_EQ(
        v2(R"({"blockIO": {"throttleReadBpsDevice": [{"major": 8, "minor": 1, "rate": 0}]}})"),
        lifted);
    const Writes leaf = {{"blkio", "blkio.leaf_weight", "10"},
                         {"blkio", "blkio.leaf_weight_device", "8:0 20"}};
    const char* const leaves = R"({"blockIO": {"leafWeight": 10,
        "weightDevice": [{"major": 8, "minor": 0, "leafWeight": 20}]}})";
    EXPECT_EQ(v1(leaves), leaf);
    EXPECT_NE(v2_error(leaves), "accepted");
}

TEST(CgroupLimits, HugePagesNetworkAndRdma) {
    const char* const text = R"({"hugepageLimits": [{"pageSize": "2MB", "limit": 9}],
        "rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10}}})";
    const auto reserved = [](const char* file) {
        return CgroupWrite{.controller = "hugetlb", .file = file, .value = "9", .optional = true};
    };
    const Writes first = {{"hugetlb", "hugetlb.2MB.limit_in_bytes", "9"},
                          reserved("hugetlb.2MB.rsvd.limit_in_bytes"),
                          {"rdma", "rdma.max", "mlx5_1 hca_handle=3 hca_object=10"}};
    EXPECT_EQ(v1(text), first);
    const Writes second = {{"hugetlb", "hugetlb.2MB.max", "9"},
                           reserved("hugetlb.2MB.rsvd.max"),
                           {"rdma", "rdma.max", "mlx5_1 hca_handle=3 hca_object=10"}};
    EXPECT_EQ(v2(text), second);
    const char* const network =
        R"({"network": {"classID": 1048577, "priorities": [{"name": "eth0", "priority": 5}]}})";
    const Writes classes = {{"net_cls", "net_cls.classid", "1048577"},
                            {"net_prio", "net_prio.ifpriomap", "eth0 5"}};
    EXPECT_EQ(v1(network), classes);
    EXPECT_NE(v2_error(network), "accepted");
}

TEST(CgroupLimits, UnifiedNamesAFileAndNothingElse) {
    const Writes wanted = {{"", "cgroup.max.depth", "3"}, {"memory", "memory.high", "1G"}};
    EXPECT_EQ(v2(R"({"unified": {"memory.high": "1G", "cgroup.max.depth": "3"}})"), wanted);
    for (const char* name : {"../memory.max", "a/b", "/etc/passwd", "..", ".", "memory/../../x"}) {
        const std::string text = std::string(R"({"unified": {")") + name + R"(": "1"}})";
        EXPECT_NE(v2_error(text.c_str()).find("not a file name"), std::string::npos) << name;
    }
    EXPECT_NE(v2_error(R"({"unified": {"memory": "1"}})").find("CONTROLLER.VALUE `memory`"),
              std::string::npos);
    const Writes devices = {{"io", "io.max", "8:0 riops=3"}, {"io", "io.max", "8:16 riops=4"}};
    EXPECT_EQ(v2(R"({"unified": {"io.max": "8:0 riops=3\n8:16 riops=4\n"}})"), devices);
    const auto resources = parse_resources(R"({"unified": {"memory.high": "1G"}})");
    const auto refused = limits_v1(*resources);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("invalid configuration"), std::string::npos);
}

// The page size is the one other word of the caller that becomes part of a file's name.
TEST(CgroupLimits, APageSizeIsNoPath) {
    for (const char* size : {"/../../../x", "2MB/..", "/", ""}) {
        const std::string text =
            std::string(R"({"hugepageLimits": [{"pageSize": ")") + size + R"(", "limit": 1}]})";
        const auto resources = parse_resources(text);
        ASSERT_TRUE(resources);
        EXPECT_FALSE(limits_v1(*resources)) << size;
        EXPECT_FALSE(limits_v2(*resources)) << size;
    }
}

TEST(CgroupLimits, DeviceRulesAsTheKernelReadsThem) {
    const auto text = [](DeviceRule rule) {
        auto line = device_rule_text(rule);
        return line ? line.take() : "(refused)";
    };
    EXPECT_EQ(text({}), "a *:* rwm");
    EXPECT_EQ(text({.type = "c", .major = 1, .minor = 3, .access = "rw"}), "c 1:3 rw");
    EXPECT_EQ(text({.type = "b", .major = 8}), "b 8:* rwm");
    EXPECT_EQ(text({.type = "c", .major = -1, .minor = -1, .access = "m"}), "c *:* m");
    EXPECT_EQ(text({.type = "p"}), "(refused)");
    EXPECT_EQ(text({.type = "c", .access = "wrx"}), "c *:* rw") << "letters that mean nothing";
    EXPECT_EQ(text({.type = "c", .access = "x"}), "(refused)");
}

}  // namespace
}  // namespace dhow::oci
