// SPDX-License-Identifier: Apache-2.0
// Writing to the user: whole texts in one write(2), no stdio, no locale. A reader of stdout that
// has gone ends the process as SIGPIPE would, which is what `dhow ps | head -1` expects.
#pragma once

#include "base/result.h"

#include <string_view>

namespace dhow::cli {

Status print(std::string_view text);
// As print(), with a newline.
Status print_line(std::string_view text);
// To stderr; failures to complain are not complained about.
void complain(std::string_view text);
void print_error(const Error& error);
void print_warning(std::string_view text);

// stderr is a terminal that understands control sequences (TERM is set and not "dumb").
bool stderr_is_terminal();
// As stderr_is_terminal(), and the user has not set NO_COLOR.
bool stderr_takes_colour();

}  // namespace dhow::cli
