// SPDX-License-Identifier: Apache-2.0
// Random names and numbers from getrandom(2), in any process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dhow {

// 2 * bytes lower-case hexadecimal digits from getrandom(2).
std::string random_hex(size_t bytes);
uint32_t random_below(uint32_t bound);  // uniform in [0, bound), bound > 0

}  // namespace dhow
