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
    std::vector<std::string> controllers;
    std::string folder;       // absolute; this container's
    std::string mount_point;  // nothing above it is ours to touch
};

// What state.json keeps; empty when the container shares its caller's cgroup.
struct ContainerCgroup {
    std::vector<CgroupPlace> places;

    [[nodiscard]] bool exists() const { return !places.empty(); }

    [[nodiscard]] const CgroupPlace* with_controller(std::string_view controller) const;
    [[nodiscard]] const CgroupPlace* unified() const;
};

struct CgroupRequest {
    std::string id;
    std::string path;       // linux.cgroupsPath
    bool systemd = false;   // `path` is SLICE:PREFIX:NAME
    bool optional = false;  // the caller is in a user namespace: lacking permission is no error
    const Resources* resources = nullptr;
};

// "/a/b" of a request: absolute, or relative to the caller's own cgroup. Pure.
Result<std::string> cgroup_relative_path(const CgroupRequest& request);
bool has_limits(const Resources& resources);

// Where it is in each hierarchy that counts, made or not.
Result<ContainerCgroup> cgroup_places(const CgroupLayout& layout, const std::string& path);
Result<ContainerCgroup> create_cgroup(const CgroupLayout& layout, const CgroupRequest& request);
// Sets the limits, device rules included. `optional` as above, for device rules alone.
Status apply_resources(const ContainerCgroup& cgroup, const Resources& resources, bool optional);
// For CLONE_INTO_CGROUP; invalid when there is no v2 place.
Result<UniqueFd> open_unified(const ContainerCgroup& cgroup);
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
