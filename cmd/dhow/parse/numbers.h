// SPDX-License-Identifier: Apache-2.0
// Amounts as users write them: bytes ("512m"), CPUs ("1.5"), spans of time ("1h30m"). The whole
// text or an error that quotes it; nothing rounds to zero, nothing overflows silently. Pure.
#pragma once

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <string_view>

namespace dhow::cli {

// "64", "64b", "512m", "1.5g", "1GiB": units are powers of 1024, case does not matter.
Result<int64_t> parse_bytes(std::string_view text);
// "1.5" is 1500000000 billionths of a CPU; "0" is 0.
Result<int64_t> parse_nano_cpus(std::string_view text);
// Go's durations: "300ms", "1h30m", "-5s", "0", "1.5h".
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace dhow::cli
