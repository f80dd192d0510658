// SPDX-License-Identifier: Apache-2.0
// What the runtime tells its caller besides an error: warnings, and its steps under --debug. Lines
// as runc writes them (logrus, text or JSON), which its callers parse, to --log or stderr. The
// parent half alone logs: a child's descriptors are closed on its way to the program, and a line
// must not end up in a file that has taken the number.
#pragma once

#include <string>
#include <string_view>

namespace dhow::oci {

enum class LogLevel { Debug, Warning, Error };

// Once, before anything is logged. Without a path lines go to stderr.
void set_log(const std::string& path, bool json, bool debug);
void log_debug(std::string_view message);
void log_warning(std::string_view message);
// False when it could not be written to the log that was asked for.
bool write_log(LogLevel level, std::string_view message);
// One line, with its newline. Pure.
std::string log_line(LogLevel level, std::string_view message, std::string_view time, bool json);

}  // namespace dhow::oci
