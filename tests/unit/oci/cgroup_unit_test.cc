// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/cgroup/cgroup_unit.h"

#include <gtest/gtest.h>

namespace dhow::oci {
namespace {

using rootless::UnitBytes;
using rootless::UnitProperty;

std::string place_of(const std::string& path, bool user = false) {
    const auto name = scope_name({.id = "c1", .path = path}, user);
    if (!name) return "(refused)";
    const auto slices = expand_slice(name->slice);
    return slices ? *slices + "/" + name->unit : "(refused)";
}

TEST(CgroupUnit, ASliceAPrefixAndAName) {
    EXPECT_EQ(place_of(""), "/system.slice/dhow-c1.scope");
    EXPECT_EQ(place_of("", true), "/user.slice/dhow-c1.scope");
    EXPECT_EQ(place_of("user.slice:dhow:x"), "/user.slice/dhow-x.scope");
    EXPECT_EQ(place_of(":dhow:x"), "/system.slice/dhow-x.scope");
    EXPECT_EQ(place_of("::x"), "/system.slice/x.scope");
    EXPECT_EQ(place_of("-.slice:dhow:x"), "/dhow-x.scope");
    EXPECT_EQ(place_of("a-b-c.slice:p:x"), "/a.slice/a-b.slice/a-b-c.slice/p-x.scope");
    for (const char* path : {"user.slice",
                             "user.slice:x",
                             "a.slice:b:c:d",
                             "a.slice:b:",
                             "user:dhow:x",
                             "-a.slice:dhow:x",
                             "a--b.slice:dhow:x",
                             "a.slice:p:/../../x",
                             "../a.slice:p:x",
                             "a.slice:../../..:x",
                             "a/../b.slice:p:x",
                             "a.slice::b.slice",
                             "/x/y"}) {
        EXPECT_EQ(place_of(path), "(refused)") << path;
    }
}

std::vector<UnitProperty> properties(const char* text, bool v2 = true) {
    const auto resources = parse_resources(text);
    EXPECT_TRUE(resources) << text;
    auto writes = v2 ? limits_v2(*resources) : limits_v1(*resources);
    EXPECT_TRUE(writes) << text;
    return unit_properties(*writes, true);
}

using All = std::vector<UnitProperty>;

TEST(CgroupUnit, LimitsOfVersion2) {
    const All memory = {{"MemorySwapMax", uint64_t{50}},
                        {"MemoryMax", uint64_t{100}},
                        {"MemoryLow", UINT64_MAX},
                        {"TasksMax", UINT64_MAX}};
    EXPECT_EQ(properties(R"({"memory": {"limit": 100, "swap": 150, "reservation": -1},
                             "pids": {"limit": 0}})"),
              memory);
    const All cpu = {{"CPUWeight", uint64_t{100}},
                     {"CPUQuotaPeriodUSec", uint64_t{900000}},
                     {"CPUQuotaPerSecUSec", uint64_t{670000}},
                     {"AllowedCPUs", UnitBytes{0x27, 0x01}},
                     {"AllowedMemoryNodes", UnitBytes{0x01}}};
    EXPECT_EQ(properties(R"({"cpu": {"shares": 1024, "quota": 600000, "period": 900000,
                             "cpus": "0-2,5, 8", "mems": "0"}})"),
              cpu);
    const All none = {{"CPUQuotaPeriodUSec", uint64_t{100000}}, {"CPUQuotaPerSecUSec", UINT64_MAX}};
    EXPECT_EQ(properties(R"({"cpu": {"quota": -1}})"), none);
    const All idle = {{"CPUWeight", uint64_t{0}}};
    EXPECT_EQ(properties(R"({"cpu": {"shares": 5, "idle": 1}})"), idle);
    const All weight = {{"IOWeight", uint64_t{4950}}};
    EXPECT_EQ(properties(R"({"blockIO": {"weight": 500,
                             "weightDevice": [{"major": 8, "minor": 0, "weight": 300}]}})"),
              weight);
}

TEST(CgroupUnit, TheFilesOfUnifiedWinOverTheRest) {
    const All wanted = {{"MemoryHigh", uint64_t{1} << 30U}, {"MemoryMax", uint64_t{7}}};
    EXPECT_EQ(properties(R"({"memory": {"limit": 5},
        "unified": {"memory.high": "1G", "memory.max": " 7 ", "memory.oom.group": "1"}})"),
              wanted);
    EXPECT_TRUE(properties(R"({"unified": {"memory.max": "lots", "cpuset.cpus": "3-1",
        "cpuset.mems": "4294967295", "pids.max": "-3"}})")
                    .empty())
        << "what the kernel refuses is no property first";
}

TEST(CgroupUnit, LimitsOfVersion1) {
    const All wanted = {{"MemoryLimit", uint64_t{100}},
                        {"CPUShares", uint64_t{512}},
                        {"BlockIOWeight", uint64_t{20}},
                        {"CPUQuotaPeriodUSec", uint64_t{50000}},
                        {"CPUQuotaPerSecUSec", uint64_t{500000}}};
    EXPECT_EQ(properties(R"({"memory": {"limit": 100}, "blockIO": {"weight": 20},
                             "cpu": {"shares": 512, "quota": 25000, "period": 50000}})",
                         false),
              wanted);
}

TEST(CgroupUnit, AQuotaIsAWholePercentInTheKernelsFileToo) {
    std::vector<CgroupWrite> writes = {{"cpu", "cpu.max", "600000 900000"}};
    round_quota(writes);
    EXPECT_EQ(writes[0].value, "603000 900000");
    writes = {{"cpu", "cpu.max", "max 900000"}};
    round_quota(writes);
    EXPECT_EQ(writes[0].value, "max 900000");
    writes = {{"cpu", "cpu.cfs_period_us", "100000"}, {"cpu", "cpu.cfs_quota_us", "12345"}};
    round_quota(writes);
    EXPECT_EQ(writes[1].value, "13000");
}

TEST(CgroupUnit, DevicesOfVersion1) {
    const auto devices =
        device_properties({{.allow = false},
                           {.allow = true, .type = "c", .major = 1, .minor = 3, .access = "rw"},
                           {.allow = true, .type = "b", .major = 8, .minor = 0},
                           {.allow = true, .type = "c", .major = 136},
                           {.allow = true, .type = "c", .access = "m"},
                           {.allow = false, .type = "b", .major = 8, .minor = 0}});
    const std::vector<std::pair<std::string, std::string>> nodes = {
        {"/dev/char/1:3", "rw"}, {"char-136", "rwm"}, {"char-*", "m"}};
    const All wanted = {{"DevicePolicy", std::string("strict")}, {"DeviceAllow", nodes}};
    EXPECT_EQ(devices, wanted);
    EXPECT_EQ(device_properties({{.allow = true}})[0].value,
              rootless::UnitValue(std::string("auto")));
}

std::string annotation(const std::string& name, const std::string& value) {
    const auto parsed =
        annotation_properties({{"other", "x"}, {"org.systemd.property." + name, value}});
    if (!parsed) return parsed.error().message;
    return parsed->size() == 1 ? (*parsed)[0].name : "(none)";
}

TEST(CgroupUnit, AnnotationsAreOfAShortList) {
    const auto value = [](const char* name, const char* text) {
        const auto parsed =
            annotation_properties({{std::string("org.systemd.property.") + name, text}});
        return parsed && !parsed->empty() ? (*parsed)[0].value : rootless::UnitValue(int32_t{-1});
    };
    using Value = rootless::UnitValue;
    EXPECT_EQ(value("TimeoutStopUSec", "uint64 5000000"), Value(uint64_t{5000000}));
    EXPECT_EQ(value("TimeoutStopSec", "1.5"), Value(uint64_t{1500000}));
    EXPECT_EQ(value("CollectMode", "'inactive'"), Value(std::string("inactive")));
    EXPECT_EQ(value("KillSignal", "int32 37"), Value(int32_t{37}));
    EXPECT_EQ(value("DefaultDependencies", "false"), Value(false));
    EXPECT_EQ(value("After", "['a.service', 'b.service']"),
              Value(std::vector<std::string>{"a.service", "b.service"}));
    EXPECT_EQ(annotation("RuntimeMaxSec", "2"), "RuntimeMaxUSec");
    // Each of these would reach beyond the container.
    for (const char* name : {"Slice",
                             "PIDs",
                             "Delegate",
                             "MemoryMax",
                             "DeviceAllow",
                             "BPFProgram",
                             "FailureAction",
                             "SuccessAction",
                             "JobTimeoutAction",
                             "OnFailure",
                             "Conflicts",
                             "Requires",
                             "PropagatesStopTo",
                             "User",
                             "KillMode",
                             "SendSIGKILL",
                             "ExecStart",
                             "",
                             "AfterSec",
                             "collectmode"}) {
        EXPECT_NE(annotation(name, "1").find("not among the properties"), std::string::npos)
            << name;
    }
    for (const char* text : {"", "soon", "-1", "1 2x", "1\n2", "1e99"}) {
        EXPECT_NE(annotation("TimeoutStopUSec", text).find("malformed value"), std::string::npos)
            << text;
    }
    EXPECT_NE(annotation("Description", "a\nb").find("malformed value"), std::string::npos);
}

}  // namespace
}  // namespace dhow::oci
