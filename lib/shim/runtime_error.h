// SPDX-License-Identifier: Apache-2.0
// Why an OCI runtime failed, from its log: three runtimes word it in three ways. Pure; the text is
// partly the image's own, so it decides nothing but which of two exit codes is shown.
#pragma once

#include "base/result.h"

#include <string_view>

namespace dhow::shim {

// `log`: lines of JSON with a "msg"; `printed`: what it wrote to stderr, used when the log is
// empty. A missing or unusable command of the container is CommandNotFound or CannotInvoke.
Error runtime_error(std::string_view log, std::string_view printed);
// Some runtimes say that a command cannot be run, and not which: `command` is the first word of it.
Error naming_command(Error error, std::string_view command);

}  // namespace dhow::shim
