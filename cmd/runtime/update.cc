// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/text.h"
#include "cmd/runtime/verb.h"

#include <array>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 15> kOptions = {
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
     {"pids-limit", 0, true, "how many processes"}}};

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

static Status take_bytes(const Options& options,
                         std::string_view name,
                         std::optional<int64_t>& to) {
    if (!options.has(name)) return {};
    const std::string given = options.value(name);
    std::string text = to_lower(given);
    if (text.ends_with('b') && text.size() > 1) text.pop_back();
    int shift = 0;
    if (text.ends_with('k')) shift = 10;
    if (text.ends_with('m')) shift = 20;
    if (text.ends_with('g')) shift = 30;
    if (shift != 0) text.pop_back();
    const auto number = parse_int<int64_t>(text);
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

// In an update zero means: as it is. Callers send whole structures with most members zero.
static void drop_unchanged(oci::Resources& resources) {
    const auto drop = [](auto& member) {
        if (member && *member == 0) member.reset();
    };
    resources.devices.clear();
    if (resources.memory) {
        drop(resources.memory->limit);
        drop(resources.memory->reservation);
        drop(resources.memory->swap);
        drop(resources.memory->kernel);
        drop(resources.memory->kernel_tcp);
    }
    if (resources.cpu) {
        drop(resources.cpu->shares);
        drop(resources.cpu->quota);
        drop(resources.cpu->period);
        drop(resources.cpu->realtime_runtime);
        drop(resources.cpu->realtime_period);
    }
    if (resources.pids) drop(resources.pids->limit);
    if (resources.block_io) drop(resources.block_io->weight);
}

static Result<int> update(const Context& context, const Parsed& parsed) {
    const auto container = TRY(open_container(context, parsed.rest[0]));
    if (container.status == oci::ContainerStatus::Stopped) {
        return make_error(ErrorKind::Conflict, "container not running");
    }
    const Options& options = parsed.options;
    auto resources = TRY(options.has("resources") ? from_file(options.value("resources"))
                                                  : from_options(options));
    drop_unchanged(resources);
    TRY(oci::apply_resources(container.state.cgroup, resources, true));
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
