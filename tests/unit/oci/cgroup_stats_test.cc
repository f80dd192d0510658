// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/cgroup/cgroup_stats.h"

#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

namespace dhow::oci {
namespace {

class Stats : public ::testing::Test {
  protected:
    ContainerCgroup group(bool v2, std::vector<std::string> controllers) {
        ContainerCgroup cgroup;
        cgroup.places.push_back({.v2 = v2,
                                 .controllers = std::move(controllers),
                                 .folder = temp_.path(),
                                 .mount_point = temp_.path()});
        return cgroup;
    }

    void file(const std::string& name, std::string_view text) { temp_.write(name, text); }

    static const json::Value& member(const json::Object& stats, std::string_view pointer) {
        static json::Value root;
        root = stats;
        boost::system::error_code code;
        const json::Value* found = root.find_pointer(pointer, code);
        static const json::Value none;
        return found == nullptr ? none : *found;
    }

    static uint64_t number(const json::Object& stats, std::string_view pointer) {
        return member(stats, pointer).to_number<uint64_t>();
    }

    test::TempDir temp_;
};

TEST_F(Stats, Version2InTheTermsOfVersion1) {
    file("cpu.stat",
         "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 2\n"
         "throttled_usec 7\n");
    file("cpu.pressure", "some avg10=1.50 avg60=0.25 avg300=0.00 total=99\n");
    file("memory.stat", "anon 5\nfile 6\n");
    file("memory.current", "100\n");
    file("memory.max", "1000\n");
    file("memory.peak", "150\n");
    file("memory.events", "low 0\nmax 3\noom_kill 2\n");
    file("memory.swap.current", "10\n");
    file("memory.swap.max", "500\n");
    file("pids.current", "3\n");
    file("pids.max", "max\n");
    file("io.stat", "8:0 rbytes=4096 wbytes=1 rios=2 wios=3 dbytes=0 dios=0\n");
    file("rdma.current", "mlx4_0 hca_handle=2 hca_object=2000\n");
    file("rdma.max", "mlx4_0 hca_handle=max hca_object=max\n");
    const auto cgroup = group(true, {"cpu", "memory", "pids", "io", "rdma"});
    const json::Object stats = cgroup_stats(cgroup);
    EXPECT_EQ(number(stats, "/cpu/usage/total"), 30000U);
    EXPECT_EQ(number(stats, "/cpu/usage/kernel"), 10000U);
    EXPECT_EQ(number(stats, "/cpu/throttling/throttledTime"), 7000U);
    EXPECT_EQ(number(stats, "/cpu/psi/some/total"), 99U);
    EXPECT_DOUBLE_EQ(member(stats, "/cpu/psi/some/avg10").as_double(), 1.5);
    EXPECT_EQ(number(stats, "/memory/cache"), 6U);
    EXPECT_EQ(number(stats, "/memory/usage/failcnt"), 3U);
    EXPECT_EQ(number(stats, "/memory/usage/max"), 150U);
    EXPECT_EQ(number(stats, "/memory/swap/usage"), 110U);
    EXPECT_EQ(number(stats, "/memory/swap/limit"), 1500U);
    EXPECT_EQ(number(stats, "/memory/raw/anon"), 5U);
    EXPECT_EQ(number(stats, "/pids/current"), 3U);
    EXPECT_EQ(number(stats, "/pids/limit"), 0U) << "none";
    EXPECT_EQ(member(stats, "/blkio/ioServiceBytesRecursive/0/op").as_string(), "Read");
    EXPECT_EQ(number(stats, "/blkio/ioServicedRecursive/1/value"), 3U);
    EXPECT_EQ(number(stats, "/rdma/current/0/hca_objects"), 2000U);
    EXPECT_EQ(number(stats, "/rdma/limit/0/hca_handles"), UINT32_MAX);
    EXPECT_EQ(oom_kill_count(cgroup), 2U);
}

TEST_F(Stats, Version1) {
    file("cpuacct.usage", "12345\n");
    file("cpuacct.stat", "user 3\nsystem 2\n");
    file("cpuacct.usage_percpu", "5 6 \n");
    file("cpuacct.usage_all", "cpu user system\n0 1 2\n1 3 4\n");
    file("cpuset.cpus", "0-2,5\n");
    file("memory.stat", "cache 8\n");
    file("memory.limit_in_bytes", "4096\n");
    file("memory.memsw.failcnt", "6\n");
    file("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
    file("blkio.throttle.io_serviced_recursive", "8:16 Read 4\n8:16 Total 4\nTotal 4\n");
    const auto cgroup = group(false, {"cpu", "cpuacct", "cpuset", "memory", "blkio"});
    const json::Object stats = cgroup_stats(cgroup);
    EXPECT_EQ(number(stats, "/cpu/usage/total"), 12345U);
    EXPECT_EQ(number(stats, "/cpu/usage/user"), 30'000'000U);
    EXPECT_EQ(number(stats, "/cpu/usage/percpu/1"), 6U);
    EXPECT_EQ(number(stats, "/cpu/usage/percpu_kernel/1"), 4U);
    EXPECT_EQ(number(stats, "/cpuset/cpus/3"), 5U);
    EXPECT_EQ(number(stats, "/memory/usage/limit"), 4096U);
    EXPECT_EQ(number(stats, "/memory/swap/failcnt"), 6U);
    EXPECT_EQ(member(stats, "/blkio/ioServicedRecursive").as_array().size(), 2U);
    EXPECT_EQ(number(stats, "/blkio/ioServicedRecursive/0/minor"), 16U);
    EXPECT_EQ(oom_kill_count(cgroup), 1U);
}

TEST_F(Stats, NothingToCountIsNoError) {
    const json::Object stats = cgroup_stats({});
    EXPECT_EQ(number(stats, "/cpu/usage/kernel"), 0U);
    EXPECT_EQ(number(stats, "/pids/current"), 0U);
    EXPECT_EQ(oom_kill_count({}), std::nullopt);
    file("memory.stat", "\n \nbroken\nx y\n 1 2 3\n");
    file("io.stat", "  \n8:0\nnonsense rbytes=x\n");
    EXPECT_TRUE(member(cgroup_stats(group(true, {})), "/memory/raw").as_object().empty());
}

}  // namespace
}  // namespace dhow::oci
