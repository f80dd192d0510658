// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/output.h"

#include "base/file.h"
#include "cmd/dhow/exit_code.h"
#include "cmd/dhow/signals.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include <unistd.h>

namespace dhow::cli {

Status print(std::string_view text) {
    Status written = write_all(STDOUT_FILENO, text);
    if (!written && written.error().sys_errno == EPIPE) {
        die_of(SIGPIPE);
    }
    if (!written) return Error(std::move(written).error()).context("write to standard output");
    return {};
}

Status print_line(std::string_view text) {
    return print(std::string(text) + "\n");
}

void complain(std::string_view text) {
    ignore(write_all(STDERR_FILENO, text), "there is nowhere left to say so");
}

void print_error(const Error& error) {
    complain(error_line(error));
}

void print_warning(std::string_view text) {
    complain("Warning: " + std::string(text) + "\n");
}

bool stderr_is_terminal() {
    const char* const terminal = ::getenv("TERM");
    return terminal != nullptr && std::string_view(terminal) != "dumb" &&
           ::isatty(STDERR_FILENO) == 1;
}

bool stderr_takes_colour() {
    const char* const no_colour = ::getenv("NO_COLOR");
    return (no_colour == nullptr || *no_colour == '\0') && stderr_is_terminal();
}

}  // namespace dhow::cli
