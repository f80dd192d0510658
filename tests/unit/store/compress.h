// SPDX-License-Identifier: Apache-2.0
// Compressed streams for tests, by other libraries than those that inflate them where there are
// two.
#pragma once

#include <string>
#include <string_view>

namespace dhow::store {

std::string gzip(std::string_view text);
// One frame with a checksum, as the zstd tool writes it; a window of 2^`window_log` bytes where
// one is given.
std::string zstd(std::string_view text, int window_log = 0);

}  // namespace dhow::store
