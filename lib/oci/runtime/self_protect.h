// SPDX-License-Identifier: Apache-2.0
// A container must not reach the runtime's own binary on the host for writing: a program that is
// `#!/proc/self/exe` makes the kernel execute it inside, and /proc/PID/exe then opens it from there
// (CVE-2019-5736). So a binary that the container's root could write to is executed again from a
// read-only view first. Runs at the start of run, create and exec.
#pragma once

#include "base/result.h"

namespace dhow::oci {

// Comes back when this process runs from a file that nobody in a container can write: one on a
// read-only mount, a sealed memory file, or one whose owner has no place in the container.
// Otherwise executes itself anew from such a file: a detached read-only overlay of its folder, or a
// sealed copy in memory where overlays cannot be made.
Status protect_own_binary();

}  // namespace dhow::oci
