// SPDX-License-Identifier: Apache-2.0
// Whether the kernel killed for lack of memory in a process's cgroup: memory.events on v2,
// memory.oom_control on v1 (kernel documentation, cgroup-v2.rst and cgroup-v1/memory.rst).
#pragma once

#include <sys/types.h>

namespace dhow::shim {

// `pid` may be a zombie: /proc still tells its cgroup. False when it cannot be told.
bool oom_killed(pid_t pid);

}  // namespace dhow::shim
