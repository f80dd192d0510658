// SPDX-License-Identifier: Apache-2.0
// The systemd driver: the container's cgroup is a transient scope of systemd's, delegated to us,
// and the limits that systemd knows are properties of it besides being in the kernel's files, so
// that no `daemon-reload` undoes them (systemd.resource-control(5), cgroups(7) "single writer"). A
// scope begins with a process in it: the child is cloned first, and waits. Parent half.
#pragma once

#include "oci/runtime/cgroup/cgroup.h"
#include "oci/runtime/cgroup/cgroup_limits.h"
#include "rootless/systemd_manager.h"

#include <map>
#include <string>
#include <vector>

namespace dhow::oci {

struct ScopeName {
    std::string slice;  // "system.slice"
    std::string unit;   // "dhow-ID.scope"
};

// SLICE:PREFIX:NAME of a request. Pure.
Result<ScopeName> scope_name(const CgroupRequest& request, bool user);
// "a-b.slice" as "/a.slice/a-b.slice": each dash opens a level (systemd.slice(5)). Pure.
Result<std::string> expand_slice(const std::string& slice);

// What a driver of its own has to know while a container starts.
struct ScopeStart {
    rootless::SystemdManager manager;
    std::string path;  // "/system.slice/dhow-ID.scope"
    std::vector<rootless::UnitProperty> properties;
};

// Where the scope will be; nothing is made yet but the connection.
Result<ScopeStart> plan_scope(const CgroupLayout& layout,
                              const CgroupRequest& request,
                              const std::map<std::string, std::string>& annotations,
                              ContainerCgroup& cgroup);
// Makes it around `pid`, with the limits that are its properties.
Status start_scope(ScopeStart& scope,
                   const ContainerCgroup& cgroup,
                   pid_t pid,
                   const Resources& resources);
Status change_scope(const ContainerCgroup& cgroup, const std::vector<CgroupWrite>& writes);
Status attach_to_scope(const ContainerCgroup& cgroup, pid_t pid);
Status stop_scope(const ContainerCgroup& cgroup);

// The writes of a container's limits, those of a scope as systemd rounds them.
Result<std::vector<CgroupWrite>> cgroup_limits(const ContainerCgroup& cgroup,
                                               const Resources& resources);
// Of the writes those that are properties too. Pure. `idle_weight`: a systemd that takes
// CPUWeight=0 for SCHED_IDLE (252).
std::vector<rootless::UnitProperty> unit_properties(const std::vector<CgroupWrite>& writes,
                                                    bool idle_weight);
// On version 1 systemd would open all devices again. Pure.
std::vector<rootless::UnitProperty> device_properties(const std::vector<DeviceRule>& rules);
// systemd counts a quota in whole percents of a processor: the kernel's file gets the same. Pure.
void round_quota(std::vector<CgroupWrite>& writes);
// org.systemd.property.NAME of the annotations: of a list of harmless ones (contrib/adr). Pure.
Result<std::vector<rootless::UnitProperty>> annotation_properties(
    const std::map<std::string, std::string>& annotations);

}  // namespace dhow::oci
