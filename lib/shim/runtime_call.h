// SPDX-License-Identifier: Apache-2.0
// Calls of the one-shot OCI runtime, by the command line that runc, crun and dhow-runtime share.
#pragma once

#include "base/result.h"
#include "shim/protocol.h"
#include "shim/stdio.h"

#include <sys/types.h>

namespace dhow::shim {

// `RUNTIME run --detach`: returns once the container's command has been executed, with its pid as a
// child of this process (which is a subreaper). The child's ends of `stdio` are closed; with a
// terminal the pty's master is in it. When the other end of `launcher` closes meanwhile, the
// runtime is given a moment to finish, and the error is Unavailable; -1: nobody is waiting. What it
// has made is the caller's to clear away.
Result<pid_t> run_container(const ShimConfig& config, int run_dir, Stdio& stdio, int launcher);

// `RUNTIME delete --force`; a container the runtime has forgotten is success.
Status delete_container(const ShimConfig& config);

}  // namespace dhow::shim
