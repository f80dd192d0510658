// SPDX-License-Identifier: Apache-2.0
// The container's standard streams. Without a terminal, stdout and stderr are FIFOs in the run
// folder, which the container holds open for reading too: so they outlive their reader, and a shim
// that was killed and replaced can open them again while the container just waits.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace dhow::shim {

struct Stdio {
    // Ours, non-blocking; invalid where there is none.
    UniqueFd input;     // write end
    UniqueFd output;    // read end
    UniqueFd errors;    // read end
    UniqueFd terminal;  // pty master: all three in one
    // The container's, given to the runtime and then closed.
    UniqueFd child_input;
    UniqueFd child_output;
    UniqueFd child_errors;
};

// `open_stdin` false: stdin is /dev/null.
Result<Stdio> make_stdio(int run_dir, bool open_stdin);
// /dev/null thrice, for a container whose streams are a terminal.
Result<Stdio> make_terminal_stdio();
Status set_window_size(int terminal, unsigned rows, unsigned columns);

}  // namespace dhow::shim
