// SPDX-License-Identifier: Apache-2.0
// What control groups this machine shows to this process: version 2, version 1, or both side by
// side (hybrid). Reads /proc and statfs(2) only; creates and changes nothing (cgroups(7)). The
// runtime places containers by it, the engine reports it in `info`. The parsers are pure.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace dhow {

enum class CgroupMode { None, V1, Hybrid, V2 };

struct CgroupHierarchy {
    bool v2 = false;
    std::vector<std::string> controllers;  // v1: "cpu", "cpuacct", "name=systemd"; v2: enabled ones
    std::string mount_point;               // "/sys/fs/cgroup/memory"
    std::string mount_root;                // which cgroup of the hierarchy is seen there
    std::string own_path;                  // this process's cgroup in it, as /proc/self/cgroup says

    // The folder of this process's own cgroup; empty when the mount does not show it.
    [[nodiscard]] std::string own_folder() const;
};

struct CgroupLayout {
    CgroupMode mode = CgroupMode::None;
    std::vector<CgroupHierarchy> hierarchies;

    // The v1 hierarchy of a controller, or the v2 one when it has it; nullptr otherwise.
    [[nodiscard]] const CgroupHierarchy* with_controller(std::string_view controller) const;
    [[nodiscard]] const CgroupHierarchy* unified() const;
};

// `mountinfo` and `self_cgroup`: the texts of /proc/self/mountinfo and /proc/self/cgroup. The
// controllers of a v2 hierarchy stay empty: they are in its cgroup.controllers file.
CgroupLayout parse_cgroup_layout(std::string_view mountinfo, std::string_view self_cgroup);

Result<CgroupLayout> detect_cgroups();

std::string_view cgroup_mode_name(CgroupMode mode);  // "none", "v1", "hybrid", "v2"

}  // namespace dhow
