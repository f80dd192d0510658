// SPDX-License-Identifier: Apache-2.0
// --since and --until: RFC 3339 (whole or cut short after the date, hour, minute or second),
// seconds since the epoch with a fraction, or an age like "10m" counted back from `now`. Pure but
// for the time zone of a text that names none.
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <string_view>

namespace dhow::cli {

Result<UnixNanos> parse_time(std::string_view text, UnixNanos now);

}  // namespace dhow::cli
