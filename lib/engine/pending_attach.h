// SPDX-License-Identifier: Apache-2.0
// Attaching before the start, as Docker's API has it: whoever wants to be attached listens on a
// socket in the container's run folder, `wait-attach/<random>.sock`; the start connects to each and
// hands the connections to the shim, so that they are there before the first byte of output.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <string>
#include <vector>

namespace dhow::engine {

inline constexpr const char* kPendingFolder = "wait-attach";

// `run_dir`: the container's run folder. Sockets nobody listens on any more are removed.
Result<std::vector<UniqueFd>> collect_pending_attaches(int run_dir);

}  // namespace dhow::engine
