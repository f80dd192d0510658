// SPDX-License-Identifier: Apache-2.0
// Where in a version 2 hierarchy a container and its shim live, made ready at each start:
//
//   a unit that waits for us (Type=notify, Delegate=yes):   UNIT/dhow-<id>      UNIT/dhow
//   an ordinary user elsewhere:          the user's own scope: SCOPE/dhow-<id>  SCOPE/dhow
//   root elsewhere:                                            /dhow/dhow-<id>  /dhow/dhow
//
// The kernel lets a process be born into, or move to, a group only where it may write both there
// and in the nearest group above both (cgroups(7), "Delegation containment"): whoever starts or
// enters a container must itself be in the right part of the tree first.
#pragma once

#include "base/cgroup_fs.h"
#include "base/result.h"
#include "base/unique_fd.h"

#include <string>

#include <sys/types.h>

namespace dhow::engine {

struct Context;

enum class CgroupHome {
    None,       // the caller's own cgroup has to do
    Unit,       // this process's unit is delegated to us and waits to be told its main process
    Scope,      // the user's systemd gives us a scope
    Delegated,  // no systemd, yet the group above ours was handed to us
    System,     // root: a tree of ours beside systemd's
};

// Looks only. `why_not`: for None, cause and fix.
struct CgroupPlan {
    CgroupHome home = CgroupHome::None;
    std::string parent;          // below the mount point; empty for Scope until it is made
    std::string controllers_in;  // the folder whose cgroup.controllers tells what can be limited
    std::string why_not;
};

CgroupPlan plan_cgroup(const CgroupHierarchy& unified, bool rootless);

// Makes it so: afterwards a group below `parent` can be made and a process born into it.
struct CgroupGround {
    std::string parent;
    UniqueFd shims;  // the group for the shim; invalid: where this process is
};

Result<CgroupGround> prepare_ground(Context& context, const CgroupHierarchy& unified);

// Moves this process to where it can be let into the cgroup of a running container.
Status go_near(Context& context, pid_t container);

}  // namespace dhow::engine
