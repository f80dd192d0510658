// SPDX-License-Identifier: Apache-2.0
// The container's own control group in every hierarchy there is (cgroups(7); config-linux.md,
// "Control groups"). The parent half creates it, sets its limits and places the child in it before
// the child does anything. A limit that cannot be had is an error, never silently dropped; having
// no cgroup at all is fine where nothing was limited and the caller may not make one.
#pragma once

#include "base/cgroup_fs.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/spec/runtime_spec.h"

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace dhow::oci {

struct CgroupPlace {
    bool v2 = false;
    bool beside = false;  // v2 on a hybrid machine: holds the processes, limits nobody
    std::vector<std::string> controllers;
    std::string folder;       // absolute; this container's
    std::string mount_point;  // nothing above it is ours to touch
};

// What state.json keeps; empty when the container shares its caller's cgroup.
struct ContainerCgroup {
    std::vector<CgroupPlace> places;
    std::string unit;           // systemd's scope; empty: the groups are of our own making
    bool unit_of_user = false;  // the user's systemd, not the system's

    [[nodiscard]] bool exists() const { return !places.empty(); }

    [[nodiscard]] const CgroupPlace* with_controller(std::string_view controller) const;
    // Where version 2 is all there is.
    [[nodiscard]] const CgroupPlace* unified() const;
};

struct CgroupRequest {
    std::string id;
    std::string path;       // linux.cgroupsPath
    bool optional = false;  // the caller is in a user namespace: lacking permission is no error
    const Resources* resources = nullptr;
};

// "/a/b" of a request: absolute, or relative to the caller's own cgroup (not for systemd). Pure.
Result<std::string> cgroup_relative_path(const CgroupRequest& request);
bool has_limits(const Resources& resources);

// Where it is in each hierarchy that counts, made or not.
Result<ContainerCgroup> cgroup_places(const CgroupLayout& layout, const std::string& path);
// Conflict when a group of that name has processes, or is frozen.
Status refuse_occupied(const CgroupPlace& place);
Result<ContainerCgroup> create_cgroup(const CgroupLayout& layout, const CgroupRequest& request);
// Makes what is missing of a scope's groups: systemd makes them for controllers it knows.
Status adopt_cgroup(const ContainerCgroup& cgroup);
// Sets the limits, device rules included. `optional` as above, for device rules alone.
Status apply_resources(const ContainerCgroup& cgroup, const Resources& resources, bool optional);
// What the changes do not name stays as it is; device rules do in any case.
Status update_resources(const ContainerCgroup& cgroup, Resources changes);
// Gives a v2 group to the container's root, `uid` on the host: to make groups below, not to change
// its own limits (cgroups(7), "Cgroups delegation"). Version 1 knows no such thing.
Status delegate_cgroup(const ContainerCgroup& cgroup, uid_t uid);
// For CLONE_INTO_CGROUP; invalid when there is no v2 place at all.
Result<UniqueFd> open_unified(const ContainerCgroup& cgroup);
// The v2 group where a process of the container has gone by itself.
Result<UniqueFd> open_unified_of(const ContainerCgroup& cgroup, pid_t pid);
// Places a process where CLONE_INTO_CGROUP does not (`unified` false: v1 only).
Status join_cgroup(const ContainerCgroup& cgroup, pid_t pid, bool unified);

Result<std::vector<pid_t>> cgroup_pids(const ContainerCgroup& cgroup);
Status set_frozen(const ContainerCgroup& cgroup, bool frozen);
bool is_frozen(const ContainerCgroup& cgroup);
// Signals every process in it, including those that fork meanwhile.
Status signal_cgroup(const ContainerCgroup& cgroup, int signal);
// Removes it with the groups the container made below; a missing one is success.
Status destroy_cgroup(const ContainerCgroup& cgroup);
// What a runtime that was killed amid a start left at `path` (cgroup_relative_path()); groups that
// processes still live in after a moment of grace are somebody else's, and stay.
Status remove_idle_cgroup(const CgroupLayout& layout, const std::string& path);

}  // namespace dhow::oci
