// SPDX-License-Identifier: Apache-2.0
// Where `load` and the imports read: a file or folder, or standard input for "-".
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "cmd/dhow/invocation.h"

#include <string>

namespace dhow::cli {

// A usage error when standard input is a terminal: that is no archive.
Result<UniqueFd> open_input(Invocation& call, const std::string& path);

}  // namespace dhow::cli
