// SPDX-License-Identifier: Apache-2.0
// clone3(2) for launch and join; defined in launch.cc, where the rules allow it. Without CLONE_VM,
// from a single-threaded process: the child is a copy and may allocate. `child` must never return:
// it ends with execve or _exit, and runs none of the parent's destructors.
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "oci/runtime/init_sync.h"

#include <cstdint>

namespace dhow::oci {

struct CloneOptions {
    uint64_t flags = 0;
    int cgroup = -1;          // CLONE_INTO_CGROUP
    bool sibling = false;     // CLONE_PARENT: the child becomes our parent's
    bool from_clone = false;  // the caller is itself such a child: one thread, for certain
};

// Runs `child(argument)` in the child.
Result<Child> clone_process(const CloneOptions& options,
                            void (*child)(void*) noexcept,
                            void* argument);

// The process that `stage`, now at its end, made as its own sibling and so as our child: `message`
// tells of it. Reaps the stage.
Result<Child> adopt_sibling(const ParentEnd::Received& message, Child& stage);

}  // namespace dhow::oci
