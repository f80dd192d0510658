// SPDX-License-Identifier: Apache-2.0
// Wall-clock time as dhow stores and prints it: nanoseconds since the Unix epoch, RFC 3339 in UTC.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace dhow {

using UnixNanos = int64_t;

UnixNanos now_unix_nanos();
// "2026-01-31T08:09:10.123456789Z"
std::string format_rfc3339(UnixNanos time);
// RFC 3339 with an offset or Z; of a fraction, nine digits count. A time that 64 bits do not reach
// (before 1677, after 2262) is the nearest that they do.
Result<UnixNanos> parse_rfc3339(std::string_view text);

}  // namespace dhow
