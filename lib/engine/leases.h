// SPDX-License-Identifier: Apache-2.0
// Addresses of the bridge network, leased to containers for as long as these exist. A row each,
// gone with the container's (foreign key).
#pragma once

#include "base/result.h"

#include <optional>
#include <string>

namespace dhow::engine {

struct Context;

// The container's address, leased now if it has none yet.
Result<std::string> lease_address(Context& context, const std::string& id);
Result<std::optional<std::string>> find_lease(Context& context, const std::string& id);

}  // namespace dhow::engine
