// SPDX-License-Identifier: Apache-2.0
// Finding the container's executable, inside the container and as its user, before success is
// reported; and the words for why it cannot run, which callers match (they are runc's).
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace dhow::oci {

// `name` itself when it has a slash, else its place in the PATH of `env`. CommandNotFound or
// CannotInvoke otherwise.
Result<std::string> find_executable(const std::string& name, const std::vector<std::string>& env);
// The folders of the first PATH of `env`, empty ones among them.
std::vector<std::string> path_folders(const std::vector<std::string>& env);
// CommandNotFound or CannotInvoke: exec: "NAME": WHY.
Error not_found(const std::string& name, const std::string& why);
Error cannot_invoke(const std::string& name, const std::string& why, int saved_errno);
// What a failed execve(2) means.
Error exec_error(const std::string& name, int saved_errno);

}  // namespace dhow::oci
