// SPDX-License-Identifier: Apache-2.0
// Which cgroup a container gets, and which limits can be held there. A limit that was asked for and
// cannot be had is an error; a default that cannot be had is left out and shown by `info`.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/container_config.h"

#include <string>
#include <vector>

namespace dhow::engine {

struct Context;

struct CgroupAbilities {
    std::string version;                   // "v1" "v2" "hybrid"
    std::string manager;                   // "systemd" "cgroupfs" "none"
    std::string parent;                    // below the hierarchy's root; empty until it is made
    std::vector<std::string> controllers;  // that limit what we start
    std::string why_not;                   // cause and fix, where controllers are missing

    [[nodiscard]] bool has(std::string_view controller) const;
};

// `runtime`: as in the container's config; crun knows no hybrid layout.
Result<CgroupAbilities> cgroup_abilities(const Context& context, const std::string& runtime);

// At create: default limits filled in, impossible ones refused.
Status settle_limits(const Context& context, ContainerConfig& config);

struct CgroupChoice {
    std::string path;  // the spec's cgroupsPath; empty: none of its own
    bool limits_possible = false;
    bool unified = false;  // a pure v2 hierarchy
    UniqueFd shims;        // the cgroup that the shim is born into; invalid: this process's
};

// At start: makes ready what the container's cgroup needs around it (engine/cgroup_place.h), which
// may move this process to another cgroup.
Result<CgroupChoice> choose_cgroup(Context& context, const ContainerConfig& config);
// The runtime's global options: where it keeps its state, and that it must leave cgroups alone
// where there is none for it.
Result<std::vector<std::string>> runtime_arguments(const Context& context,
                                                   const ContainerConfig& config);

}  // namespace dhow::engine
