// SPDX-License-Identifier: Apache-2.0
// Who a process of the container is and what it may use: rlimits, user and groups, scheduling,
// session keyring, personality (config.md, "Linux Process"; credentials(7)). Child halves of launch
// and join, after pivot_root and before capabilities and exec.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec.h"

#include <string>

namespace dhow::oci {

Status set_rlimits(const std::vector<Rlimit>& rlimits);
std::vector<std::string> known_rlimits();

// setgroups, setgid, setuid and umask. Keeps permitted capabilities for set_capabilities().
// `keep_groups`: the additional groups stay those of the caller.
Status set_user(const User& user, bool keep_groups = false);
Status set_no_new_privileges();
Status set_scheduling(const Process& process);
Status set_personality(const Personality& personality);
// A session keyring of the container's own: the caller's would be shared with it. Where the kernel
// or a filter has no keyrings this does nothing.
void join_session_keyring(const std::string& container_id);

// /proc/self/oom_score_adj. Done by the parent before the clone, since the child inherits it.
Status set_oom_score_adj(int value);
Result<int> oom_score_adj();

}  // namespace dhow::oci
