// SPDX-License-Identifier: Apache-2.0
// --filter of the prune commands, and what they say at the end. Pure.
#pragma once

#include "base/result.h"
#include "engine/prune.h"

#include <string>
#include <vector>

namespace dhow::cli {

// label=KEY[=VALUE], label!=KEY[=VALUE], until=TIME.
Result<engine::PruneFilter> parse_prune_filter(const std::vector<std::string>& texts,
                                               UnixNanos now);

// One a line.
std::string removed_lines(const engine::Pruned& pruned);

}  // namespace dhow::cli
