// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/cgroup/cgroup_limits.h"

#include "base/text.h"

#include <array>

namespace dhow::oci {

namespace {

// Collects the writes that are due.
class Writes {
  public:
    template <class T>
    void add(std::string_view controller, std::string_view file, const std::optional<T>& value) {
        if (value) put(controller, file, std::to_string(*value));
    }

    void put(std::string_view controller, std::string_view file, std::string value) {
        list_.push_back({std::string(controller), std::string(file), std::move(value)});
    }

    std::vector<CgroupWrite> take() { return std::move(list_); }

  private:
    std::vector<CgroupWrite> list_;
};

std::string or_max(int64_t value) {
    return value < 0 ? "max" : std::to_string(value);
}

std::string device(int64_t major, int64_t minor) {
    return std::to_string(major) + ":" + std::to_string(minor);
}

void throttle_v1(Writes& writes,
                 std::string_view file,
                 const std::vector<ThrottleDevice>& devices) {
    for (const ThrottleDevice& entry : devices) {
        writes.put(
            "blkio", file, device(entry.major, entry.minor) + " " + std::to_string(entry.rate));
    }
}

void throttle_v2(Writes& writes, std::string_view key, const std::vector<ThrottleDevice>& devices) {
    for (const ThrottleDevice& entry : devices) {
        writes.put("io",
                   "io.max",
                   device(entry.major, entry.minor) + " " + std::string(key) + "=" +
                       std::to_string(entry.rate));
    }
}

void memory_v1(Writes& writes, const MemoryLimits& memory) {
    writes.add("memory", "memory.limit_in_bytes", memory.limit);
    writes.add("memory", "memory.memsw.limit_in_bytes", memory.swap);
    writes.add("memory", "memory.soft_limit_in_bytes", memory.reservation);
    writes.add("memory", "memory.kmem.limit_in_bytes", memory.kernel);
    writes.add("memory", "memory.kmem.tcp.limit_in_bytes", memory.kernel_tcp);
    writes.add("memory", "memory.swappiness", memory.swappiness);
    if (memory.disable_oom_killer.value_or(false)) writes.put("memory", "memory.oom_control", "1");
}

void cpu_v1(Writes& writes, const CpuLimits& cpu) {
    writes.add("cpu", "cpu.shares", cpu.shares);
    writes.add("cpu", "cpu.cfs_period_us", cpu.period);
    writes.add("cpu", "cpu.cfs_burst_us", cpu.burst);
    writes.add("cpu", "cpu.cfs_quota_us", cpu.quota);
    writes.add("cpu", "cpu.rt_period_us", cpu.realtime_period);
    writes.add("cpu", "cpu.rt_runtime_us", cpu.realtime_runtime);
    writes.add("cpu", "cpu.idle", cpu.idle);
    if (!cpu.cpus.empty()) writes.put("cpuset", "cpuset.cpus", cpu.cpus);
    if (!cpu.mems.empty()) writes.put("cpuset", "cpuset.mems", cpu.mems);
}

void block_v1(Writes& writes, const BlockIo& block) {
    writes.add("blkio", "blkio.weight", block.weight);
    writes.add("blkio", "blkio.leaf_weight", block.leaf_weight);
    for (const WeightDevice& entry : block.weight_device) {
        const std::string prefix = device(entry.major, entry.minor) + " ";
        if (entry.weight) {
            writes.put("blkio", "blkio.weight_device", prefix + std::to_string(*entry.weight));
        }
        if (entry.leaf_weight) {
            writes.put(
                "blkio", "blkio.leaf_weight_device", prefix + std::to_string(*entry.leaf_weight));
        }
    }
    throttle_v1(writes, "blkio.throttle.read_bps_device", block.throttle_read_bps_device);
    throttle_v1(writes, "blkio.throttle.write_bps_device", block.throttle_write_bps_device);
    throttle_v1(writes, "blkio.throttle.read_iops_device", block.throttle_read_iops_device);
    throttle_v1(writes, "blkio.throttle.write_iops_device", block.throttle_write_iops_device);
}

Error not_in_v2(const char* what) {
    return make_error(ErrorKind::Unsupported,
                      std::string("set ") + what + ": cgroup version 2 has no such limit");
}

Status memory_v2(Writes& writes, const MemoryLimits& memory) {
    if (memory.kernel) return not_in_v2("memory.kernel");
    if (memory.kernel_tcp) return not_in_v2("memory.kernelTCP");
    if (memory.swappiness) return not_in_v2("memory.swappiness");
    if (memory.disable_oom_killer.value_or(false)) return not_in_v2("memory.disableOOMKiller");
    if (memory.swap) {
        // The spec counts memory plus swap, version 2 counts swap alone.
        const int64_t limit = memory.limit.value_or(0);
        if (*memory.swap >= 0 && limit <= 0) {
            return make_error(ErrorKind::InvalidArgument,
                              "set memory.swap: it includes memory, which has no limit");
        }
        if (*memory.swap >= 0 && *memory.swap < limit) {
            return make_error(ErrorKind::InvalidArgument,
                              "set memory.swap: less than memory.limit");
        }
        const int64_t swap = *memory.swap < 0 ? -1 : *memory.swap - limit;
        writes.put("memory", "memory.swap.max", or_max(swap));
    }
    if (memory.limit) writes.put("memory", "memory.max", or_max(*memory.limit));
    if (memory.reservation) writes.put("memory", "memory.low", or_max(*memory.reservation));
    return {};
}

Status cpu_v2(Writes& writes, const CpuLimits& cpu) {
    if (cpu.realtime_period || cpu.realtime_runtime) return not_in_v2("cpu.realtimeRuntime");
    writes.add("cpu", "cpu.idle", cpu.idle);
    if (cpu.shares && *cpu.shares != 0) {
        writes.put("cpu", "cpu.weight", std::to_string(weight_from_shares(*cpu.shares)));
    }
    if (cpu.quota || cpu.period) {
        const int64_t quota = cpu.quota.value_or(-1);
        writes.put(
            "cpu",
            "cpu.max",
            or_max(quota > 0 ? quota : -1) + " " + std::to_string(cpu.period.value_or(100000)));
    }
    writes.add("cpu", "cpu.max.burst", cpu.burst);
    if (!cpu.cpus.empty()) writes.put("cpuset", "cpuset.cpus", cpu.cpus);
    if (!cpu.mems.empty()) writes.put("cpuset", "cpuset.mems", cpu.mems);
    return {};
}

Status block_v2(Writes& writes, const BlockIo& block) {
    if (block.leaf_weight) return not_in_v2("blockIO.leafWeight");
    if (block.weight) writes.put("io", "io.bfq.weight", std::to_string(*block.weight));
    for (const WeightDevice& entry : block.weight_device) {
        if (entry.leaf_weight) return not_in_v2("blockIO.weightDevice.leafWeight");
        if (!entry.weight) continue;
        writes.put("io",
                   "io.bfq.weight",
                   device(entry.major, entry.minor) + " " + std::to_string(*entry.weight));
    }
    throttle_v2(writes, "rbps", block.throttle_read_bps_device);
    throttle_v2(writes, "wbps", block.throttle_write_bps_device);
    throttle_v2(writes, "riops", block.throttle_read_iops_device);
    throttle_v2(writes, "wiops", block.throttle_write_iops_device);
    return {};
}

// "hugetlb.2MB.max": the size is a word of the caller's, and must not lead to another folder.
Status hugepages(Writes& writes, const Resources& resources, const char* suffix) {
    for (const HugepageLimit& entry : resources.hugepage_limits) {
        if (entry.page_size.find('/') != std::string::npos) {
            return make_error(
                ErrorKind::InvalidArgument,
                "set huge page limit: malformed size '" + printable(entry.page_size) + "'");
        }
        writes.put("hugetlb", "hugetlb." + entry.page_size + suffix, std::to_string(entry.limit));
    }
    return {};
}

void rdma(Writes& writes, const Resources& resources) {
    for (const auto& [name, limit] : resources.rdma) {
        std::string text = name;
        if (limit.hca_handles) text += " hca_handle=" + std::to_string(*limit.hca_handles);
        if (limit.hca_objects) text += " hca_object=" + std::to_string(*limit.hca_objects);
        writes.put("rdma", "rdma.max", text);
    }
}

std::string pids_value(const PidsLimit& pids) {
    return or_max(pids.limit && *pids.limit > 0 ? *pids.limit : -1);
}

}  // namespace

uint64_t weight_from_shares(uint64_t shares) {
    constexpr uint64_t kLowest = 2;
    constexpr uint64_t kHighest = 262144;
    if (shares <= kLowest) return 1;
    if (shares >= kHighest) return 10000;
    return 1 + (shares - kLowest) * 9999 / (kHighest - kLowest);
}

Result<std::vector<CgroupWrite>> limits_v1(const Resources& resources) {
    Writes writes;
    if (!resources.unified.empty()) {
        return make_error(ErrorKind::Unsupported,
                          "set unified resources: the machine has cgroup version 1");
    }
    if (resources.memory) memory_v1(writes, *resources.memory);
    if (resources.cpu) cpu_v1(writes, *resources.cpu);
    if (resources.pids && resources.pids->limit) {
        writes.put("pids", "pids.max", pids_value(*resources.pids));
    }
    if (resources.block_io) block_v1(writes, *resources.block_io);
    TRY(hugepages(writes, resources, ".limit_in_bytes"));
    if (resources.network) {
        writes.add("net_cls", "net_cls.classid", resources.network->class_id);
        for (const InterfacePriority& entry : resources.network->priorities) {
            writes.put("net_prio",
                       "net_prio.ifpriomap",
                       entry.name + " " + std::to_string(entry.priority));
        }
    }
    rdma(writes, resources);
    return writes.take();
}

Result<std::vector<CgroupWrite>> limits_v2(const Resources& resources) {
    Writes writes;
    if (resources.memory) TRY(memory_v2(writes, *resources.memory));
    if (resources.cpu) TRY(cpu_v2(writes, *resources.cpu));
    if (resources.pids && resources.pids->limit) {
        writes.put("pids", "pids.max", pids_value(*resources.pids));
    }
    if (resources.block_io) TRY(block_v2(writes, *resources.block_io));
    TRY(hugepages(writes, resources, ".max"));
    if (resources.network &&
        (resources.network->class_id || !resources.network->priorities.empty())) {
        return not_in_v2("network.classID");
    }
    rdma(writes, resources);
    for (const auto& [file, value] : resources.unified) {
        if (file.find('/') != std::string::npos || file.starts_with('.')) {
            return make_error(ErrorKind::InvalidArgument,
                              "set unified resource '" + printable(file) + "': not a file name");
        }
        const std::string controller(split_once(file, '.').first);
        writes.put(controller == "cgroup" ? "" : controller, file, value);
    }
    return writes.take();
}

// Any other negative number would open every device, one beyond the kernel's 32 bits another one.
static bool is_device_number(const std::optional<int64_t>& value) {
    return !value || (*value >= -1 && *value <= INT32_MAX);
}

Result<std::string> device_rule_text(const DeviceRule& rule) {
    const auto number = [](const std::optional<int64_t>& value) {
        return value && *value >= 0 ? std::to_string(*value) : std::string("*");
    };
    const std::string type = rule.type.empty() ? "a" : rule.type;
    if (type != "a" && type != "c" && type != "b") {
        return make_error(ErrorKind::InvalidArgument,
                          "device rule: unknown type '" + printable(rule.type) + "'");
    }
    if (rule.access.find_first_not_of("rwm") != std::string::npos) {
        return make_error(ErrorKind::InvalidArgument,
                          "device rule: unknown access '" + printable(rule.access) + "'");
    }
    if (!is_device_number(rule.major) || !is_device_number(rule.minor)) {
        return make_error(ErrorKind::InvalidArgument, "device rule: number out of range");
    }
    const std::string access = rule.access.empty() ? "rwm" : rule.access;
    return type + " " + number(rule.major) + ":" + number(rule.minor) + " " + access;
}

}  // namespace dhow::oci
