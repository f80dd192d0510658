// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/text.h"
#include "cmd/runtime/verb.h"
#include "oci/runtime/cgroup/cgroup_limits.h"
#include "oci/runtime/log.h"

#include <array>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 19> kOptions = {
    {{"resources", 'r', true, "file with linux.resources; - is stdin"},
     {"blkio-weight", 0, true, "block io weight"},
     {"cpu-period", 0, true, "CFS period in microseconds"},
     {"cpu-quota", 0, true, "CFS quota in microseconds a period"},
     {"cpu-burst", 0, true, "CFS burst in microseconds"},
     {"cpu-share", 0, true, "relative weight"},
     {"cpu-rt-period", 0, true, "realtime period"},
     {"cpu-rt-runtime", 0, true, "realtime runtime"},
     {"cpuset-cpus", 0, true, "processors"},
     {"cpuset-mems", 0, true, "memory nodes"},
     {"cpu-idle", 0, true, "1: SCHED_IDLE"},
     {"memory", 0, true, "limit, with a suffix b, k, m or g"},
     {"memory-reservation", 0, true, "soft limit"},
     {"memory-swap", 0, true, "memory plus swap, -1: no limit"},
     {"kernel-memory", 0, true, "accepted: kernels have no such limit any more"},
     {"kernel-memory-tcp", 0, true, "buffers of TCP, on cgroup version 1"},
     {"pids-limit", 0, true, "how many processes, -1: no limit"},
     {"l3-cache-schema", 0, true, "caches of its class of service (intelRdt)"},
     {"mem-bw-schema", 0, true, "memory bandwidth of its class of service"}}};

static Error invalid(std::string_view name, const std::string& text) {
    return make_error(ErrorKind::InvalidArgument,
                      "invalid value '" + printable(text) + "' for " + std::string(name));
}

template <class T>
static Status take(const Options& options, std::string_view name, std::optional<T>& to) {
    if (!options.has(name)) return {};
    const std::string text = options.value(name);
    to = parse_int<T>(text);
    return to ? Status() : invalid(name, text);
}

// "50M", "50mb", "50MiB": powers of 1024 all of them.
static Status take_bytes(const Options& options,
                         std::string_view name,
                         std::optional<int64_t>& to) {
    if (!options.has(name)) return {};
    const std::string given = options.value(name);
    std::string text = to_lower(given);
    if (text.ends_with('b') && text.size() > 1) text.pop_back();
    if (text.ends_with('i') && text.size() > 1) text.pop_back();
    constexpr std::string_view kUnits = "kmgtp";
    const size_t unit = text.empty() ? kUnits.npos : kUnits.find(text.back());
    const size_t shift = unit == kUnits.npos ? 0 : 10 * (unit + 1);
    if (shift != 0) text.pop_back();
    const auto number = parse_int<int64_t>(trim(text));
    if (!number || *number < -1 || *number > (INT64_MAX >> shift)) return invalid(name, given);
    to = *number < 0 ? *number : *number << shift;
    return {};
}

static Result<oci::CpuLimits> cpu_from(const Options& options) {
    oci::CpuLimits cpu;
    TRY(take(options, "cpu-period", cpu.period));
    TRY(take(options, "cpu-quota", cpu.quota));
    TRY(take(options, "cpu-burst", cpu.burst));
    TRY(take(options, "cpu-share", cpu.shares));
    TRY(take(options, "cpu-rt-period", cpu.realtime_period));
    TRY(take(options, "cpu-rt-runtime", cpu.realtime_runtime));
    TRY(take(options, "cpu-idle", cpu.idle));
    cpu.cpus = options.value("cpuset-cpus");
    cpu.mems = options.value("cpuset-mems");
    return cpu;
}

static Result<oci::Resources> from_options(const Options& options) {
    oci::Resources resources;
    resources.cpu = TRY(cpu_from(options));
    oci::MemoryLimits memory;
    TRY(take_bytes(options, "memory", memory.limit));
    TRY(take_bytes(options, "memory-reservation", memory.reservation));
    TRY(take_bytes(options, "memory-swap", memory.swap));
    TRY(take_bytes(options, "kernel-memory-tcp", memory.kernel_tcp));
    resources.memory = memory;
    if (options.has("pids-limit")) {
        resources.pids.emplace();
        TRY(take(options, "pids-limit", resources.pids->limit));
    }
    if (options.has("blkio-weight")) {
        resources.block_io.emplace();
        TRY(take(options, "blkio-weight", resources.block_io->weight));
    }
    return resources;
}

static Result<oci::Resources> from_file(const std::string& path) {
    const auto text = TRY(path == "-" ? read_all(STDIN_FILENO) : read_file_at(AT_FDCWD, path));
    return oci::parse_resources(text);
}

static Result<int> update(const Context& context, const Parsed& parsed) {
    const auto container = TRY(open_container(context, parsed.rest[0]));
    if (container.status == oci::ContainerStatus::Stopped) {
        return make_error(ErrorKind::Conflict, "container not running");
    }
    const Options& options = parsed.options;
    const auto changes = TRY(options.has("resources") ? from_file(options.value("resources"))
                                                      : from_options(options));
    if (options.has("l3-cache-schema") || options.has("mem-bw-schema")) {
        TRY(oci::update_rdt(container.state.rdt,
                            {.l3_cache_schema = options.value("l3-cache-schema"),
                             .mem_bw_schema = options.value("mem-bw-schema")}));
    }
    TRY(oci::update_resources(container.state.cgroup, changes));
    if (oci::weight_is_moot(changes)) {
        oci::log_warning("unable to apply both a cpu weight and cpu.idle: ignoring the weight");
    }
    return 0;
}

const Verb kUpdate{.name = "update",
                   .arguments = "CONTAINER",
                   .help = "change the limits of a container",
                   .options = kOptions,
                   .least_arguments = 1,
                   .most_arguments = 1,
                   .run = update};

}  // namespace dhow::runtime_cli
