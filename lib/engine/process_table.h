// SPDX-License-Identifier: Apache-2.0
// The processes of one pid namespace as /proc shows them from outside: for `top`. Command lines and
// names are the container's own and hostile: bounded and made printable.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace dhow::engine {

struct ProcessRow {
    uint32_t uid = 0;          // in the container's user namespace, as we see it
    pid_t pid = 0;             // in the container's pid namespace
    pid_t parent = 0;          // likewise; 0 when it is outside
    uint64_t start_ticks = 0;  // since boot
    uint64_t cpu_ticks = 0;    // user + system
    std::string tty;           // "pts/0", or "?"
    std::string command;
};

// Every process whose pid namespace is that of `init_pid`, in order of pid. Processes that end
// while we look are left out.
Result<std::vector<ProcessRow>> processes_of(pid_t init_pid);

}  // namespace dhow::engine
