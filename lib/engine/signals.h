// SPDX-License-Identifier: Apache-2.0
// Signal names as `docker kill -s` and STOPSIGNAL write them: "TERM", "SIGTERM", "15", "RTMIN+3".
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace dhow::engine {

Result<int> parse_signal(std::string_view text);
// "SIGTERM"; "34" style decimal for real-time signals.
std::string signal_name(int number);

}  // namespace dhow::engine
