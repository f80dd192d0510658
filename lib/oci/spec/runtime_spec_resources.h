// SPDX-License-Identifier: Apache-2.0
// `linux.resources` of config.json: OCI runtime-spec 1.2, config-linux.md, "Control groups".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dhow::oci {

struct DeviceRule {
    bool allow = false;
    std::string type;              // "a", "c" or "b"; empty means "a"
    std::optional<int64_t> major;  // absent or -1: any
    std::optional<int64_t> minor;
    std::string access;  // of "rwm"
};

struct MemoryLimits {
    std::optional<int64_t> limit;  // bytes; -1: none, 0: not said
    std::optional<int64_t> reservation;
    std::optional<int64_t> swap;  // memory plus swap
    std::optional<int64_t> kernel;
    std::optional<int64_t> kernel_tcp;
    std::optional<uint64_t> swappiness;
    std::optional<bool> disable_oom_killer;
    std::optional<bool> use_hierarchy;
    std::optional<bool> check_before_update;
};

struct CpuLimits {
    std::optional<uint64_t> shares;
    std::optional<int64_t> quota;  // microseconds a period; -1: none
    std::optional<uint64_t> burst;
    std::optional<uint64_t> period;
    std::optional<int64_t> realtime_runtime;
    std::optional<uint64_t> realtime_period;
    std::string cpus;
    std::string mems;
    std::optional<int64_t> idle;
};

struct PidsLimit {
    std::optional<int64_t> limit;  // -1: none
};

struct WeightDevice {
    int64_t major = 0;
    int64_t minor = 0;
    std::optional<uint16_t> weight;
    std::optional<uint16_t> leaf_weight;
};

struct ThrottleDevice {
    int64_t major = 0;
    int64_t minor = 0;
    uint64_t rate = 0;
};

struct BlockIo {
    std::optional<uint16_t> weight;
    std::optional<uint16_t> leaf_weight;
    std::vector<WeightDevice> weight_device;
    std::vector<ThrottleDevice> throttle_read_bps_device;
    std::vector<ThrottleDevice> throttle_write_bps_device;
    std::vector<ThrottleDevice> throttle_read_iops_device;
    std::vector<ThrottleDevice> throttle_write_iops_device;
};

struct HugepageLimit {
    std::string page_size;
    uint64_t limit = 0;
};

struct InterfacePriority {
    std::string name;
    uint32_t priority = 0;
};

struct NetworkLimits {
    std::optional<uint32_t> class_id;
    std::vector<InterfacePriority> priorities;
};

struct RdmaLimit {
    std::optional<uint32_t> hca_handles;
    std::optional<uint32_t> hca_objects;
};

struct Resources {
    std::vector<DeviceRule> devices;
    std::optional<MemoryLimits> memory;
    std::optional<CpuLimits> cpu;
    std::optional<PidsLimit> pids;
    std::optional<BlockIo> block_io;
    std::vector<HugepageLimit> hugepage_limits;
    std::optional<NetworkLimits> network;
    std::map<std::string, RdmaLimit> rdma;
    std::map<std::string, std::string> unified;  // v2 file name -> value
};

}  // namespace dhow::oci
