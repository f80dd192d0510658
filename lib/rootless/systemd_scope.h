// SPDX-License-Identifier: Apache-2.0
// A cgroup of the user's own, from the user's systemd (org.freedesktop.systemd1(5)): the one place
// on a cgroup v2 machine where an ordinary user may set limits. One scope, delegated to us, holds
// the process that keeps the namespaces and, in groups beside it, every container; making it costs
// one call, and each container then a mkdir. A process outside of the user's manager (a login by
// ssh) cannot move itself or a child in, by the kernel's delegation rules (cgroups(7)): systemd
// moves it, one more call. Runs in dhow and dhow-api.
#pragma once

#include "base/result.h"

#include <string>

#include <sys/types.h>

namespace dhow::rootless {

// The cgroup of a process in the v2 hierarchy, as /proc/PID/cgroup names it ("/user.slice/...").
Result<std::string> unified_cgroup_of(pid_t pid);
// The delegated scope that `holder` lives in; empty when it lives elsewhere. Pure.
std::string scope_of(const std::string& holder_cgroup);
// The part of a cgroup path that the user's manager owns (".../user@1000.service"); empty when it
// is outside of that. Pure.
std::string user_manager_of(const std::string& cgroup);

// Below `mount_point`, puts `holder` into a new scope and there into a group "hold" of its own, and
// makes the group "dhow" for shims and commands. Returns the scope's path. Several at once are
// fine.
Result<std::string> make_scope(const std::string& mount_point, pid_t holder);
// Has systemd move `pid` into the group "dhow" of `scope` (a path from make_scope).
Status move_into_scope(const std::string& scope, pid_t pid);

}  // namespace dhow::rootless
