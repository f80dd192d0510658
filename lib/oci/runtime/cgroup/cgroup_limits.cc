// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/cgroup/cgroup_limits.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>

namespace dhow::oci {

namespace {

// Collects the writes that are due.
class Writes {
  public:
    template <class T>
    void add(std::string_view controller, std::string_view file, const std::optional<T>& value) {
        if (value) put(controller, file, std::to_string(*value));
    }

    // As add(), where zero is no wish.
    template <class T>
    void add_set(std::string_view controller, std::string_view file, std::optional<T> value) {
        if (value && *value != 0) put(controller, file, std::to_string(*value));
    }

    CgroupWrite& put(std::string_view controller, std::string_view file, std::string value) {
        list_.push_back({std::string(controller), std::string(file), std::move(value)});
        return list_.back();
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
                       (entry.rate == 0 ? "max" : std::to_string(entry.rate)));
    }
}

bool set(const std::optional<int64_t>& value) {
    return value && *value != 0;
}

// memory.kernel is gone from every kernel since 5.16 and was never in version 2.
void memory_v1(Writes& writes, const MemoryLimits& memory) {
    writes.add_set("memory", "memory.limit_in_bytes", memory.limit);
    writes.add_set("memory", "memory.memsw.limit_in_bytes", memory.swap);
    // No limit to memory is none to both together; a kernel may do without swap's.
    if (memory.limit == -1 && !set(memory.swap)) {
        writes.put("memory", "memory.memsw.limit_in_bytes", "-1").optional = true;
    }
    writes.add_set("memory", "memory.soft_limit_in_bytes", memory.reservation);
    writes.add_set("memory", "memory.kmem.tcp.limit_in_bytes", memory.kernel_tcp);
    writes.add("memory", "memory.swappiness", memory.swappiness);
    if (memory.disable_oom_killer.value_or(false)) writes.put("memory", "memory.oom_control", "1");
}

// The kernel moves what is out of range to the nearest end, without a word.
Status check_shares(const CpuLimits& cpu) {
    constexpr uint64_t kLowest = 2;
    constexpr uint64_t kHighest = 262144;
    const uint64_t shares = cpu.shares.value_or(0);
    if (shares > kHighest) {
        return make_error(ErrorKind::InvalidArgument,
                          "set cpu.shares: the maximum allowed cpu-shares is 262144");
    }
    if (shares > 0 && shares < kLowest) {
        return make_error(ErrorKind::InvalidArgument,
                          "set cpu.shares: the minimum allowed cpu-shares is 2");
    }
    return {};
}

Status cpu_v1(Writes& writes, const CpuLimits& cpu) {
    TRY(check_shares(cpu));
    writes.add_set("cpu", "cpu.shares", cpu.shares);
    writes.add_set("cpu", "cpu.cfs_period_us", cpu.period);
    writes.add("cpu", "cpu.cfs_burst_us", cpu.burst);
    writes.add_set("cpu", "cpu.cfs_quota_us", cpu.quota);
    writes.add_set("cpu", "cpu.rt_period_us", cpu.realtime_period);
    writes.add_set("cpu", "cpu.rt_runtime_us", cpu.realtime_runtime);
    writes.add("cpu", "cpu.idle", cpu.idle);
    if (!cpu.cpus.empty()) writes.put("cpuset", "cpuset.cpus", cpu.cpus);
    if (!cpu.mems.empty()) writes.put("cpuset", "cpuset.mems", cpu.mems);
    return {};
}

// The weights are bfq's where that is the one scheduler that has some.
void weight_v1(Writes& writes, const std::string& file, std::string value) {
    CgroupWrite& write = writes.put("blkio", "blkio." + file, value);
    write.other_file = "blkio.bfq." + file;
    write.other_value = std::move(value);
}

void block_v1(Writes& writes, const BlockIo& block) {
    if (block.weight.value_or(0) != 0) weight_v1(writes, "weight", std::to_string(*block.weight));
    writes.add_set("blkio", "blkio.leaf_weight", block.leaf_weight);
    for (const WeightDevice& entry : block.weight_device) {
        const std::string prefix = device(entry.major, entry.minor) + " ";
        if (entry.weight) {
            weight_v1(writes, "weight_device", prefix + std::to_string(*entry.weight));
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

// The spec counts memory plus swap, version 2 counts swap alone.
Result<int64_t> swap_alone(int64_t both, int64_t memory) {
    if (both < 0 || memory == -1) return both;
    if (memory == 0) {
        return make_error(ErrorKind::InvalidArgument,
                          "set memory.swap: it includes memory, which has no limit",
                          "limit memory too");
    }
    if (both < memory) {
        return make_error(ErrorKind::InvalidArgument,
                          "set memory.swap: memory+swap limit should be >= memory limit");
    }
    return both - memory;
}

Status memory_v2(Writes& writes, const MemoryLimits& memory) {
    if (memory.swappiness) return not_in_v2("memory.swappiness");
    if (memory.disable_oom_killer.value_or(false)) return not_in_v2("memory.disableOOMKiller");
    const bool unlimited = memory.limit == -1;
    if (set(memory.swap) || unlimited) {
        const int64_t both = set(memory.swap) ? *memory.swap : -1;
        const int64_t swap = TRY(swap_alone(both, memory.limit.value_or(0)));
        // A kernel that does not count swap gives none without limit, and has none to deny.
        writes.put("memory", "memory.swap.max", or_max(swap)).optional = swap <= 0;
    }
    if (set(memory.limit)) writes.put("memory", "memory.max", or_max(*memory.limit));
    if (set(memory.reservation)) writes.put("memory", "memory.low", or_max(*memory.reservation));
    return {};
}

Status cpu_v2(Writes& writes, const CpuLimits& cpu) {
    if (cpu.realtime_period.value_or(0) != 0 || set(cpu.realtime_runtime)) {
        return not_in_v2("cpu.realtimeRuntime");
    }
    writes.add("cpu", "cpu.idle", cpu.idle);
    if (cpu.shares && *cpu.shares != 0) {
        writes.put("cpu", "cpu.weight", std::to_string(weight_from_shares(*cpu.shares)));
    }
    const uint64_t period = cpu.period.value_or(0);
    if (set(cpu.quota) || period != 0) {
        constexpr uint64_t kDefault = 100000;
        const int64_t quota = cpu.quota.value_or(0);
        writes.put(
            "cpu",
            "cpu.max",
            or_max(quota > 0 ? quota : -1) + " " + std::to_string(period == 0 ? kDefault : period));
    }
    writes.add("cpu", "cpu.max.burst", cpu.burst);
    if (!cpu.cpus.empty()) writes.put("cpuset", "cpuset.cpus", cpu.cpus);
    if (!cpu.mems.empty()) writes.put("cpuset", "cpuset.mems", cpu.mems);
    return {};
}

// bfq's weights are those of the spec; the kernel's own scale is another.
void weight_v2(Writes& writes, const std::string& prefix, uint64_t weight) {
    CgroupWrite& write = writes.put("io", "io.bfq.weight", prefix + std::to_string(weight));
    write.other_file = "io.weight";
    write.other_value = prefix + std::to_string(io_weight_from_block(weight));
}

Status block_v2(Writes& writes, const BlockIo& block) {
    if (block.leaf_weight.value_or(0) != 0) return not_in_v2("blockIO.leafWeight");
    if (block.weight.value_or(0) != 0) weight_v2(writes, "", *block.weight);
    for (const WeightDevice& entry : block.weight_device) {
        if (entry.leaf_weight.value_or(0) != 0) {
            return not_in_v2("blockIO.weightDevice.leafWeight");
        }
        if (!entry.weight) continue;
        weight_v2(writes, device(entry.major, entry.minor) + " ", *entry.weight);
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
        if (entry.page_size.empty() || entry.page_size.find('/') != std::string::npos) {
            return make_error(
                ErrorKind::InvalidArgument,
                "set huge page limit: malformed pageSize '" + printable(entry.page_size) + "'");
        }
        const std::string stem = "hugetlb." + entry.page_size;
        writes.put("hugetlb", stem + suffix, std::to_string(entry.limit));
        // What is reserved and not yet touched counts only there (5.7): a mapping beyond the limit
        // then fails at once, and not by a signal later.
        writes.put("hugetlb", stem + ".rsvd" + suffix, std::to_string(entry.limit)).optional = true;
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

// 0 says that there is none, as Podman writes it and crun reads it; runc from 1.4 on takes it
// for 1.
std::string pids_value(const PidsLimit& pids) {
    return pids.limit == 0 ? "max" : or_max(*pids.limit);
}

Status unified(Writes& writes, const std::map<std::string, std::string>& wanted) {
    for (const auto& [file, value] : wanted) {
        if (file.find('/') != std::string::npos || file.starts_with('.')) {
            return make_error(ErrorKind::InvalidArgument,
                              "set unified resource '" + printable(file) + "': not a file name");
        }
        const auto [controller, parameter] = split_once(file, '.');
        if (!parameter) {
            return make_error(ErrorKind::InvalidArgument,
                              "set unified resource: the specified key has not the form "
                              "CONTROLLER.VALUE `" +
                                  printable(file) + "`");
        }
        // io.max takes one device a write.
        for (const std::string& line : split(trim(value), '\n')) {
            writes.put(controller == "cgroup" ? "" : controller, file, line);
        }
    }
    return {};
}

// The kernel refuses a weight while the group is idle (sched_group_set_shares()).
void drop_moot_weight(std::vector<CgroupWrite>& writes) {
    const bool idle = std::any_of(writes.begin(), writes.end(), [](const CgroupWrite& write) {
        return write.file == "cpu.idle" && write.value == "1";
    });
    if (idle) std::erase_if(writes, [](const auto& write) { return write.file == "cpu.weight"; });
}

}  // namespace

bool is_no_limit(const std::string& value) {
    return value == "max" || value == "-1" || value.starts_with("max ");
}

uint64_t weight_from_shares(uint64_t shares) {
    constexpr uint64_t kLowest = 2;
    constexpr uint64_t kHighest = 262144;
    if (shares <= kLowest) return 1;
    if (shares >= kHighest) return 10000;
    const double level = std::log2(static_cast<double>(shares));
    const double exponent = (level * level + 125 * level) / 612 - 7.0 / 34;
    return static_cast<uint64_t>(std::ceil(std::pow(10, exponent)));
}

uint64_t io_weight_from_block(uint64_t weight) {
    constexpr uint64_t kLowest = 10;
    return weight <= kLowest ? 1 : 1 + (weight - kLowest) * 9999 / 990;
}

bool weight_is_moot(const Resources& resources) {
    const auto has = [&resources](const char* file) { return resources.unified.contains(file); };
    const auto idle = resources.unified.find("cpu.idle");
    const bool by_file = idle != resources.unified.end() && trim(idle->second) == "1";
    const bool is_idle = by_file || (resources.cpu && resources.cpu->idle == 1);
    const bool weighted = resources.cpu && resources.cpu->shares.value_or(0) != 0;
    return is_idle && (weighted || has("cpu.weight"));
}

Result<std::vector<CgroupWrite>> limits_v1(const Resources& resources) {
    Writes writes;
    if (!resources.unified.empty()) {
        return make_error(ErrorKind::Unsupported,
                          "invalid configuration: unified resources on cgroup version 1");
    }
    if (resources.memory) memory_v1(writes, *resources.memory);
    if (resources.cpu) TRY(cpu_v1(writes, *resources.cpu));
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
    TRY(unified(writes, resources.unified));
    auto list = writes.take();
    drop_moot_weight(list);
    return list;
}

std::vector<DeviceRule> with_default_rules(std::vector<DeviceRule> rules) {
    const auto allow = [&rules](const char* type,
                                std::optional<int64_t> major,
                                std::optional<int64_t> minor,
                                const char* access) {
        rules.push_back(
            {.allow = true, .type = type, .major = major, .minor = minor, .access = access});
    };
    allow("c", {}, {}, "m");
    allow("b", {}, {}, "m");
    for (const int64_t minor : {3, 5, 7, 8, 9}) allow("c", 1, minor, "rwm");
    allow("c", 5, 0, "rwm");
    allow("c", 5, 2, "rwm");
    allow("c", 136, {}, "rwm");
    return rules;
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
    std::string access;
    for (const char letter : {'r', 'w', 'm'}) {
        if (rule.access.empty() || rule.access.find(letter) != std::string::npos) access += letter;
    }
    if (access.empty()) {
        return make_error(ErrorKind::InvalidArgument,
                          "device rule: unknown access '" + printable(rule.access) + "'");
    }
    if (!is_device_number(rule.major) || !is_device_number(rule.minor)) {
        return make_error(ErrorKind::InvalidArgument, "device rule: number out of range");
    }
    return type + " " + number(rule.major) + ":" + number(rule.minor) + " " + access;
}

}  // namespace dhow::oci
