// SPDX-License-Identifier: Apache-2.0
// Capability sets of containers: the eleven defaults, and what --cap-add and --cap-drop make of
// them.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace dhow::engine {

// "net_admin", "CAP_NET_ADMIN" -> "CAP_NET_ADMIN"; "all" -> "ALL". Unknown names are
// InvalidArgument.
Result<std::string> normalize_capability(std::string_view name);

// The final set, in the kernel's order: the defaults, or all in this process's bounding set when
// privileged or when ALL is added; then the drops; then the adds. (`--cap-drop ALL --cap-add X` is
// X.)
Result<std::vector<std::string>> resolve_capabilities(const std::vector<std::string>& add,
                                                      const std::vector<std::string>& drop,
                                                      bool privileged);

}  // namespace dhow::engine
