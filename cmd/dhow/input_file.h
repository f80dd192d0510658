// SPDX-License-Identifier: Apache-2.0
// Where `import` reads: a file, or standard input for "-".
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "cmd/dhow/invocation.h"

#include <string>

namespace dhow::cli {

// A usage error when that is a terminal.
Result<UniqueFd> open_tar(Invocation& call, const std::string& path);

}  // namespace dhow::cli
