// SPDX-License-Identifier: Apache-2.0
// The one place where an ErrorKind becomes an exit code, and an Error the line the user reads.
// Podman's codes: 125 for dhow's own failures, 126 and 127 for commands that cannot run or do not
// exist, and for rm, rmi and their like 1 = no such object, 2 = it is in use.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace dhow::cli {

inline constexpr int kEngineFailure = 125;

enum class CodeStyle {
    Ordinary,
    Removal,  // rm, rmi
};

int exit_code(ErrorKind kind, CodeStyle style = CodeStyle::Ordinary);

// "Error: <message>; <fix>", control characters shown as \xNN, ended by a newline: always one line.
std::string error_line(const Error& error);
// Text from images, registries and users made safe for a terminal: control characters as \xNN, line
// ends and tabs as blanks, UTF-8 kept.
std::string on_one_line(std::string_view text);

}  // namespace dhow::cli
