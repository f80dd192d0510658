// SPDX-License-Identifier: Apache-2.0
// Calls of the one-shot OCI runtime, by the command line that runc, crun and dhow-runtime share.
#pragma once

#include "base/result.h"
#include "shim/protocol.h"
#include "shim/stdio.h"

#include <string>
#include <string_view>

#include <sys/types.h>

namespace dhow::shim {

// `RUNTIME run --detach`: returns once the container's command has been executed, with its pid as a
// child of this process (which is a subreaper). The child's ends of `stdio` are closed; with a
// terminal the pty's master is in it. A missing or unusable command is CommandNotFound or
// CannotInvoke.
Result<pid_t> run_container(const ShimConfig& config, int run_dir, Stdio& stdio);

// `RUNTIME delete --force`; a container the runtime has forgotten is success.
Status delete_container(const ShimConfig& config);

// The Error in a runtime's log (lines of JSON with a "msg"), or in what it printed.
Error runtime_error(std::string_view log, std::string_view printed);

}  // namespace dhow::shim
