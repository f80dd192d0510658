// SPDX-License-Identifier: Apache-2.0
#include "shim/k8s_log.h"

namespace dhow::shim {

static void append_record(std::string& out,
                          std::string_view prefix,
                          char tag,
                          std::string_view text) {
    out += prefix;
    out += tag;
    out += ' ';
    out += text;
    out += '\n';
}

void append_log_lines(std::string& out, UnixNanos time, bool is_stderr, std::string_view chunk) {
    std::string prefix = format_rfc3339(time);
    prefix += is_stderr ? " stderr " : " stdout ";
    while (!chunk.empty()) {
        const size_t end = chunk.find('\n');
        if (end == std::string_view::npos) {
            append_record(out, prefix, 'P', chunk);
            return;
        }
        append_record(out, prefix, 'F', chunk.substr(0, end));
        chunk.remove_prefix(end + 1);
    }
}

std::optional<LogLine> parse_log_line(std::string_view line) {
    const size_t time_end = line.find(' ');
    if (time_end == std::string_view::npos) return std::nullopt;
    const auto time = parse_rfc3339(line.substr(0, time_end));
    if (!time) return std::nullopt;
    line.remove_prefix(time_end + 1);
    const bool is_stderr = line.starts_with("stderr ");
    if (!is_stderr && !line.starts_with("stdout ")) return std::nullopt;
    line.remove_prefix(7);
    const bool partial = line.starts_with("P ");
    if (!partial && !line.starts_with("F ")) return std::nullopt;
    return LogLine{
        .time = *time, .is_stderr = is_stderr, .partial = partial, .text = line.substr(2)};
}

}  // namespace dhow::shim
