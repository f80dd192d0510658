// SPDX-License-Identifier: Apache-2.0
#include "shim/stdio.h"

#include "base/file.h"

#include <array>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::shim {

namespace {

struct Ends {
    UniqueFd reader;
    UniqueFd writer;
};

Result<Ends> make_fifo(int run_dir, const std::string& name) {
    if (::mkfifoat(run_dir, name.c_str(), 0600) != 0 && errno != EEXIST) {
        return system_error("create FIFO '" + name + "'");
    }
    Ends ends;
    ends.reader = TRY(open_at(run_dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
    ends.writer = TRY(open_at(run_dir, name, O_RDWR | O_NOFOLLOW));
    return ends;
}

Result<UniqueFd> open_null() {
    return open_at(AT_FDCWD, "/dev/null", O_RDWR);
}

}  // namespace

Result<Stdio> make_stdio(int run_dir, bool open_stdin) {
    Stdio stdio;
    if (open_stdin) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("create pipe");
        stdio.child_input.reset(ends[0]);
        stdio.input.reset(ends[1]);
        TRY(set_non_blocking(stdio.input.get()));
    } else {
        stdio.child_input = TRY(open_null());
    }
    auto output = TRY(make_fifo(run_dir, "stdout"));
    auto errors = TRY(make_fifo(run_dir, "stderr"));
    stdio.output = std::move(output.reader);
    stdio.child_output = std::move(output.writer);
    stdio.errors = std::move(errors.reader);
    stdio.child_errors = std::move(errors.writer);
    return stdio;
}

Result<Stdio> make_terminal_stdio() {
    Stdio stdio;
    stdio.child_input = TRY(open_null());
    stdio.child_output = TRY(open_null());
    stdio.child_errors = TRY(open_null());
    return stdio;
}

Status set_window_size(int terminal, unsigned rows, unsigned columns) {
    winsize size{};
    size.ws_row = static_cast<uint16_t>(rows);
    size.ws_col = static_cast<uint16_t>(columns);
    if (::ioctl(terminal, TIOCSWINSZ, &size) != 0) return system_error("resize the terminal");
    return {};
}

}  // namespace dhow::shim
