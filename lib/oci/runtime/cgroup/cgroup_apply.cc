// SPDX-License-Identifier: Apache-2.0
// The limits of a container's cgroup: at its start, and changed later
// (oci/runtime/cgroup/cgroup.h).
#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/cgroup/cgroup.h"
#include "oci/runtime/cgroup/cgroup_limits.h"
#include "oci/runtime/cgroup/cgroup_unit.h"
#include "oci/runtime/cgroup/device_filter.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>

namespace dhow::oci {

static std::string present(const CgroupPlace& place, const std::string& file) {
    const auto text = read_file_at(AT_FDCWD, place.folder + "/" + file);
    return text ? std::string(trim(*text)) : std::string();
}

static std::string what_of(const CgroupWrite& due) {
    return "set '" + due.file + "' to '" + printable(due.value) + "'";
}

static Error not_available(const CgroupWrite& due) {
    auto error = system_error(what_of(due) + ": the requested cgroup controller `" +
                                  printable(due.controller) + "` is not available",
                              ENOENT);
    error.kind = ErrorKind::Unsupported;
    error.fix = "ask for no such limit, or have the controller delegated to you";
    return error;
}

static Status explain(const CgroupPlace& place, const CgroupWrite& due, Status failed) {
    const int code = failed.error().sys_errno;
    // What is in use already cannot be taken back by the kernel in time.
    if (code == EBUSY && due.file == "memory.limit_in_bytes") {
        return make_error(ErrorKind::Conflict,
                          "unable to set memory limit to " + due.value +
                              " (current usage: " + present(place, "memory.usage_in_bytes") +
                              ", peak usage: " + present(place, "memory.max_usage_in_bytes") + ")");
    }
    if (code == ENOENT && place.v2 && !due.controller.empty()) {
        const auto handed = split(present(place, "cgroup.controllers"), ' ');
        if (std::find(handed.begin(), handed.end(), due.controller) == handed.end()) {
            return not_available(due);
        }
    }
    return std::move(failed).error().context(what_of(due));
}

static Status write_limit(const ContainerCgroup& cgroup, const CgroupWrite& due) {
    const CgroupPlace* place =
        due.controller.empty() ? cgroup.unified() : cgroup.with_controller(due.controller);
    if (place == nullptr) {
        return due.optional || is_no_limit(due.value) ? Status() : not_available(due);
    }
    const std::string folder = place->folder + "/";
    auto written = write_existing_at(AT_FDCWD, folder + due.file, due.value);
    if (written) return {};
    if (written.error().sys_errno == ENOENT && !due.other_file.empty()) {
        written = write_existing_at(AT_FDCWD, folder + due.other_file, due.other_value);
        if (written) return {};
    }
    if (written.error().sys_errno == ENOENT && due.optional) return {};
    return explain(*place, due, std::move(written));
}

// Raising memory above the present memory+swap limit, or lowering that below memory, is refused in
// one order and accepted in the other; likewise a period, its quota and its burst below a parent
// that is limited. A refused write is tried once more at the end.
static Status write_limits(const ContainerCgroup& cgroup, const std::vector<CgroupWrite>& writes) {
    std::vector<const CgroupWrite*> again;
    for (const CgroupWrite& due : writes) {
        auto written = write_limit(cgroup, due);
        if (written) continue;
        const bool ordered = due.controller == "memory" || due.controller == "cpu";
        if (!ordered || written.error().sys_errno != EINVAL) return written;
        again.push_back(&due);
    }
    for (const CgroupWrite* due : again) TRY(write_limit(cgroup, *due));
    return {};
}

static Status apply_device_rules(const ContainerCgroup& cgroup,
                                 const std::vector<DeviceRule>& asked) {
    const auto rules = with_default_rules(asked);
    if (const CgroupPlace* place = cgroup.unified(); place != nullptr) {
        return attach_device_filter(place->folder, rules);
    }
    const CgroupPlace* place = cgroup.with_controller("devices");
    if (place == nullptr) {
        return make_error(ErrorKind::Unsupported,
                          "set device rules: controller 'devices' is not available here");
    }
    for (const DeviceRule& rule : rules) {
        const auto text = TRY(device_rule_text(rule));
        const char* file = rule.allow ? "/devices.allow" : "/devices.deny";
        TRY_CONTEXT(write_existing_at(AT_FDCWD, place->folder + file, text),
                    "set device rule '" + text + "'");
    }
    return {};
}

Result<std::vector<CgroupWrite>> cgroup_limits(const ContainerCgroup& cgroup,
                                               const Resources& resources) {
    auto writes = TRY(cgroup.unified() != nullptr ? limits_v2(resources) : limits_v1(resources));
    if (!cgroup.unit.empty()) round_quota(writes);
    return writes;
}

Status apply_resources(const ContainerCgroup& cgroup, const Resources& resources, bool optional) {
    const auto writes = TRY(cgroup_limits(cgroup, resources));
    TRY(write_limits(cgroup, writes));
    // In a user namespace no device node can be made, so there is nothing for rules to prevent.
    if (resources.devices.empty() || optional) return {};
    return apply_device_rules(cgroup, resources.devices);
}

// One of two that the kernel keeps in one file (cpu.max), or that count together (memory and swap):
// the other is what it is.
static void complete(const CgroupPlace& place, Resources& changes) {
    const auto said = [](const auto& value) { return value.value_or(0) != 0; };
    if (changes.cpu && said(changes.cpu->quota) != said(changes.cpu->period)) {
        const auto now = split(present(place, "cpu.max"), ' ');
        if (!said(changes.cpu->quota)) {
            changes.cpu->quota = parse_int<int64_t>(now[0]).value_or(-1);
        } else if (now.size() > 1) {
            changes.cpu->period = parse_int<uint64_t>(now[1]);
        }
    }
    if (changes.memory && said(changes.memory->swap) && !said(changes.memory->limit)) {
        changes.memory->limit = parse_int<int64_t>(present(place, "memory.max")).value_or(-1);
    }
}

// memory.checkBeforeUpdate: version 1 refuses by itself, version 2 would kill.
static Status check_usage(const CgroupPlace& place, const MemoryLimits& memory) {
    const auto usage = parse_int<int64_t>(present(place, "memory.current"));
    if (!memory.check_before_update.value_or(false) || !usage) return {};
    const auto refuse = [&usage](const char* what, int64_t limit) {
        return make_error(ErrorKind::Conflict,
                          std::string("rejecting ") + what + " limit " + std::to_string(limit) +
                              " <= usage " + std::to_string(*usage));
    };
    const int64_t both = memory.swap.value_or(0);
    const int64_t limit = memory.limit.value_or(0);
    if (both > 0 && both <= *usage) return refuse("memory+swap", both);
    if (limit > 0 && limit <= *usage) return refuse("memory", limit);
    return {};
}

Status update_resources(const ContainerCgroup& cgroup, Resources changes) {
    if (!cgroup.exists()) {
        return make_error(ErrorKind::Unsupported, "update limits: the container has no cgroup");
    }
    if (const CgroupPlace* place = cgroup.unified(); place != nullptr) {
        if (changes.memory) TRY(check_usage(*place, *changes.memory));
        complete(*place, changes);
    }
    const auto writes = TRY(cgroup_limits(cgroup, changes));
    if (!cgroup.unit.empty()) TRY(change_scope(cgroup, writes));
    return write_limits(cgroup, writes);
}

}  // namespace dhow::oci
