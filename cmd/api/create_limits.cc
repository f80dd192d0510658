// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "cmd/api/create_host.h"

#include <algorithm>
#include <array>

namespace dhow::api {

using engine::CreateRequest;

static Error out_of_range(std::string_view member) {
    return make_error(ErrorKind::InvalidArgument,
                      "member '" + std::string(member) + "' is out of range");
}

// Docker's quota and period, as the billionths of a CPU the engine counts in.
static Result<std::optional<int64_t>> read_cpus(const json::Object& host) {
    const int64_t nano = TRY(json::get_int(host, "NanoCpus")).value_or(0);
    const int64_t quota = TRY(json::get_int(host, "CpuQuota")).value_or(0);
    const int64_t period = TRY(json::get_int(host, "CpuPeriod")).value_or(0);
    if (nano < 0) return out_of_range("NanoCpus");
    if (nano > 0 && (quota != 0 || period != 0)) {
        return make_error(ErrorKind::InvalidArgument,
                          "conflicting options: NanoCpus and CpuQuota or CpuPeriod");
    }
    if (nano > 0) return std::optional(nano);
    if (quota <= 0) return std::optional<int64_t>();
    constexpr int64_t kDefaultPeriod = 100000;
    const int64_t effective = period == 0 ? kDefaultPeriod : period;
    if (effective < 1000 || effective > 1000000) return out_of_range("CpuPeriod");
    constexpr int64_t kBillion = 1000000000;
    if (quota < 1000 || quota > INT64_MAX / kBillion) return out_of_range("CpuQuota");
    return std::optional(quota * kBillion / effective);
}

Result<void> read_resources(const json::Object& host, CreateRequest& request) {
    const int64_t memory = TRY(json::get_int(host, "Memory")).value_or(0);
    const int64_t swap = TRY(json::get_int(host, "MemorySwap")).value_or(0);
    constexpr int64_t kSmallest = 512 << 10U;
    if (memory != 0) {
        if (memory < kSmallest) return out_of_range("Memory");
        request.resources.memory = memory;
    }
    if (swap != 0) {
        if (swap < -1 || (swap > 0 && swap < memory)) return out_of_range("MemorySwap");
        request.resources.memory_swap = swap;
    }
    request.resources.nano_cpus = TRY(read_cpus(host));
    const int64_t pids = TRY(json::get_int(host, "PidsLimit")).value_or(0);
    if (pids != 0) request.resources.pids_limit = pids;
    return {};
}

// Neutral: null, "", 0, false, [], {}, and numbers all zero.
static bool is_neutral(const json::Value& value) {
    if (value.is_null()) return true;
    if (const auto* text = value.if_string()) return text->empty();
    if (const auto* flag = value.if_bool()) return !*flag;
    if (value.is_number()) return value.to_number<double>() == 0;
    if (const auto* list = value.if_array()) return list->empty();
    return value.get_object().empty();
}

namespace {

struct Neutral {
    std::string_view member;
    std::string_view word;  // a further value without effect; empty: none
};

}  // namespace

// ConsoleSize, ContainerIDFile, Isolation and the Windows numbers say nothing to a Linux engine.
static constexpr std::array<Neutral, 45> kUnsupported = {{
    {"BlkioWeight", ""},
    {"BlkioWeightDevice", ""},
    {"BlkioDeviceReadBps", ""},
    {"BlkioDeviceWriteBps", ""},
    {"BlkioDeviceReadIOps", ""},
    {"BlkioDeviceWriteIOps", ""},
    {"Cgroup", ""},
    {"CgroupParent", ""},
    {"CgroupnsMode", "private"},
    {"CpuRealtimePeriod", ""},
    {"CpuRealtimeRuntime", ""},
    {"CpuShares", ""},
    {"CpusetCpus", ""},
    {"CpusetMems", ""},
    {"DeviceCgroupRules", ""},
    {"DeviceRequests", ""},
    {"Devices", ""},
    {"Dns", ""},
    {"DnsOptions", ""},
    {"DnsSearch", ""},
    {"ExtraHosts", ""},
    {"GroupAdd", ""},
    {"IpcMode", "private"},
    {"KernelMemory", ""},
    {"KernelMemoryTCP", ""},
    {"Links", ""},
    {"MaskedPaths", ""},
    {"MemoryReservation", ""},
    {"MemorySwappiness", "-1"},
    {"OomKillDisable", ""},
    {"OomScoreAdj", ""},
    {"PidMode", "private"},
    {"ReadonlyPaths", ""},
    {"ShmSize", "67108864"},
    {"StorageOpt", ""},
    {"Sysctls", ""},
    {"UTSMode", ""},
    {"Ulimits", ""},
    {"UsernsMode", ""},
    {"VolumeDriver", "local"},
    {"VolumesFrom", ""},
    {"CpuCount", ""},
    {"CpuPercent", ""},
    {"IOMaximumBandwidth", ""},
    {"IOMaximumIOps", ""},
}};

Result<void> refuse_unsupported(const json::Object& host) {
    for (const Neutral& entry : kUnsupported) {
        const json::Value* value = host.if_contains(entry.member);
        if (value == nullptr || is_neutral(*value)) continue;
        const std::string text =
            value->is_string() ? std::string(value->get_string()) : json::compact(*value);
        if (!entry.word.empty() && text == entry.word) continue;
        return make_error(
            ErrorKind::Unsupported,
            "'" + std::string(entry.member) + "': " + printable(text) + " is not supported");
    }
    return {};
}

}  // namespace dhow::api
