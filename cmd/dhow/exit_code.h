// SPDX-License-Identifier: Apache-2.0
// The one place where an ErrorKind becomes an exit code, and an Error the line the user reads.
// Podman's codes: 125 for dhow's own failures, 126 and 127 for commands that cannot run or do not
// exist, and for rm, rmi and their like 1 = no such object, 2 = it is in use.
#pragma once

#include "base/result.h"

#include <string>

namespace dhow::cli {

inline constexpr int kEngineFailure = 125;

enum class CodeStyle {
    Ordinary,
    Removal,  // rm, rmi
};

int exit_code(ErrorKind kind, CodeStyle style = CodeStyle::Ordinary);

// "Error: <message>; <fix>", control characters shown as \xNN, ended by a newline: always one line.
std::string error_line(const Error& error);

}  // namespace dhow::cli
