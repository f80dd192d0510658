// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/cgroup/cgroup_unit.h"

#include "base/file.h"
#include "base/text.h"
#include "rootless/paths.h"

#include <algorithm>

#include <fcntl.h>

namespace dhow::oci {

using rootless::ManagerOf;
using rootless::SystemdManager;
using rootless::UnitProperty;

Result<std::string> expand_slice(const std::string& slice) {
    constexpr std::string_view kSuffix = ".slice";
    const auto refuse = [&slice] {
        return make_error(ErrorKind::InvalidArgument,
                          "invalid slice name '" + printable(slice) + "'");
    };
    if (!slice.ends_with(kSuffix) || slice.find('/') != std::string::npos) return refuse();
    if (slice == "-.slice") return std::string();
    const std::string stem = slice.substr(0, slice.size() - kSuffix.size());
    std::string path;
    std::string name;
    for (const std::string& part : split(stem, '-')) {
        if (part.empty()) return refuse();
        name += (name.empty() ? "" : "-") + part;
        path += "/" + name + std::string(kSuffix);
    }
    return path;
}

Result<ScopeName> scope_name(const CgroupRequest& request, bool user) {
    auto parts = request.path.empty() ? std::vector<std::string>{"", "dhow", request.id}
                                      : split(request.path, ':');
    // A slice holds slices, services and scopes, no processes.
    if (parts.size() != 3 || parts[2].empty() || parts[2].ends_with(".slice") ||
        (parts[1] + parts[2]).find('/') != std::string::npos) {
        return make_error(ErrorKind::InvalidArgument,
                          "invalid cgroupsPath '" + printable(request.path) +
                              "': systemd's cgroups are named \"slice:prefix:name\"");
    }
    if (parts[0].empty()) parts[0] = user ? "user.slice" : "system.slice";
    const std::string prefix = parts[1].empty() ? "" : parts[1] + "-";
    return ScopeName{parts[0], prefix + parts[2] + ".scope"};
}

static ManagerOf manager_of(const ContainerCgroup& cgroup) {
    return cgroup.unit_of_user ? ManagerOf::User : ManagerOf::System;
}

static std::vector<UnitProperty> first_properties(const ScopeName& name,
                                                  const std::string& id,
                                                  bool v2) {
    return {{"Description", "container " + id},
            {"Slice", name.slice},
            {"Delegate", true},
            {"DefaultDependencies", false},
            {"CollectMode", std::string("inactive-or-failed")},
            {"MemoryAccounting", true},
            {"CPUAccounting", true},
            {v2 ? "IOAccounting" : "BlockIOAccounting", true},
            {"TasksAccounting", true}};
}

// The later of two of one name is the one that counts.
static void merge(std::vector<UnitProperty>& into, std::vector<UnitProperty> more) {
    for (UnitProperty& property : more) {
        const auto same = std::find_if(into.begin(), into.end(), [&](const UnitProperty& known) {
            return known.name == property.name;
        });
        if (same != into.end()) {
            *same = std::move(property);
        } else {
            into.push_back(std::move(property));
        }
    }
}

Result<ScopeStart> plan_scope(const CgroupLayout& layout,
                              const CgroupRequest& request,
                              const std::map<std::string, std::string>& annotations,
                              ContainerCgroup& cgroup) {
    const bool user = rootless::is_rootless();
    const auto name = TRY(scope_name(request, user));
    const auto slices = TRY(expand_slice(name.slice));
    auto more = TRY(annotation_properties(annotations));
    auto manager = TRY(SystemdManager::connect(user ? ManagerOf::User : ManagerOf::System));
    auto top = TRY(manager.property("ControlGroup"));
    constexpr std::string_view kInit = "/init.scope";
    if (top.ends_with(kInit)) top.resize(top.size() - kInit.size());
    cgroup.unit = name.unit;
    cgroup.unit_of_user = user;
    const std::string path = top + slices + "/" + name.unit;
    for (const CgroupHierarchy& hierarchy : layout.hierarchies) {
        CgroupPlace place;
        place.v2 = hierarchy.v2;
        place.beside = hierarchy.v2 && layout.mode == CgroupMode::Hybrid;
        place.controllers = hierarchy.controllers;
        place.mount_point = hierarchy.mount_point;
        place.folder = hierarchy.mount_point + path;
        TRY(refuse_occupied(place));
        cgroup.places.push_back(std::move(place));
    }
    auto properties = first_properties(name, request.id, cgroup.unified() != nullptr);
    merge(properties, std::move(more));
    return ScopeStart{std::move(manager), path, std::move(properties)};
}

// Only where it matters: the question is one more round trip.
static Result<bool> idle_by_weight(SystemdManager& manager,
                                   const std::vector<CgroupWrite>& writes) {
    const bool asked = std::any_of(writes.begin(), writes.end(), [](const CgroupWrite& write) {
        return write.file == "cpu.idle" && write.value == "1";
    });
    if (!asked) return false;
    constexpr int kFirst = 252;
    const int version = TRY(manager.version());
    return version >= kFirst;
}

Status start_scope(ScopeStart& scope,
                   const ContainerCgroup& cgroup,
                   pid_t pid,
                   const Resources& resources) {
    const auto writes = TRY(cgroup_limits(cgroup, resources));
    const bool idle = TRY(idle_by_weight(scope.manager, writes));
    auto properties = scope.properties;
    merge(properties, unit_properties(writes, idle));
    if (cgroup.unified() == nullptr && !resources.devices.empty()) {
        merge(properties, device_properties(with_default_rules(resources.devices)));
    }
    properties.push_back({"PIDs", std::vector{static_cast<uint32_t>(pid)}});
    TRY(scope.manager.start(cgroup.unit, properties));
    TRY(adopt_cgroup(cgroup));
    return join_cgroup(cgroup, pid, true);
}

Status change_scope(const ContainerCgroup& cgroup, const std::vector<CgroupWrite>& writes) {
    auto manager = TRY(SystemdManager::connect(manager_of(cgroup)));
    const bool idle = TRY(idle_by_weight(manager, writes));
    const auto properties = unit_properties(writes, idle);
    return properties.empty() ? Status() : manager.change(cgroup.unit, properties);
}

Status attach_to_scope(const ContainerCgroup& cgroup, pid_t pid) {
    auto manager = TRY(SystemdManager::connect(manager_of(cgroup)));
    return manager.attach(cgroup.unit, "/", pid);
}

Status stop_scope(const ContainerCgroup& cgroup) {
    auto manager = TRY(SystemdManager::connect(manager_of(cgroup)));
    return manager.stop(cgroup.unit);
}

}  // namespace dhow::oci
