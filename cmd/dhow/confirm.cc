// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/confirm.h"

#include "base/text.h"
#include "cmd/dhow/output.h"

#include <cerrno>
#include <string>

#include <unistd.h>

namespace dhow::cli {

namespace {

constexpr size_t kLongestAnswer = 64;

// Byte by byte: what follows the line is somebody else's.
Result<std::string> read_line() {
    std::string line;
    char byte = 0;
    while (line.size() < kLongestAnswer) {
        const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read the answer");
        if (got == 0 || byte == '\n') break;
        line += byte;
    }
    return line;
}

}  // namespace

Result<bool> confirmed(std::string_view warning) {
    TRY(print("WARNING! " + std::string(warning) + "\nAre you sure you want to continue? [y/N] "));
    const std::string line = TRY(read_line());
    const std::string answer = to_lower(trim(line));
    return answer == "y" || answer == "yes";
}

}  // namespace dhow::cli
