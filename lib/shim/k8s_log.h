// SPDX-License-Identifier: Apache-2.0
// One line of a k8s-file log (the Kubernetes CRI log format): "TIME STREAM TAG TEXT\n", TIME in RFC
// 3339 with nanoseconds, STREAM stdout or stderr, TAG F for a whole line and P for one that goes
// on. Written by the shim, read by the engine.
#pragma once

#include "base/clock.h"

#include <optional>
#include <string>
#include <string_view>

namespace dhow::shim {

struct LogLine {
    UnixNanos time = 0;
    bool is_stderr = false;
    bool partial = false;
    std::string_view text;  // of the bytes given to parse_log_line()
};

// Appends the records for a chunk of output: each finished line, and what is left as a partial one.
void append_log_lines(std::string& out, UnixNanos time, bool is_stderr, std::string_view chunk);

// `line` without its newline; nullopt when it is damaged.
std::optional<LogLine> parse_log_line(std::string_view line);

}  // namespace dhow::shim
