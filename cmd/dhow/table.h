// SPDX-License-Identifier: Apache-2.0
// Tables as Podman prints them: Go's tabwriter with a least cell width of 12, padding 2. Pure.
#pragma once

#include <string>
#include <vector>

namespace dhow::cli {

using TableRow = std::vector<std::string>;

// Every cell but a row's last is padded to its column; control characters in cells are escaped,
// because names and commands come from images.
std::string format_table(const std::vector<TableRow>& rows);

}  // namespace dhow::cli
