// SPDX-License-Identifier: Apache-2.0
// An attached session: moves bytes between the user's descriptors and a shim's connection until the
// container ends, the user detaches, or the shim is gone. Nothing the container wrote is lost, a
// slow reader holds back the shim and not the other way round, signals and window changes are
// passed on.
#pragma once

#include "base/result.h"
#include "shim/client.h"

#include <functional>
#include <optional>
#include <string>

namespace dhow::cli {

struct AttachOptions {
    int in = 0;  // -1: no stdin
    int out = 1;
    int err = 2;
    bool raw = false;             // `in` is a terminal and the container has one
    bool redraw = false;          // joins a session under way: make the program paint itself anew
    std::string detach_sequence;  // bytes; empty: no detaching. Only watched when raw
    bool proxy_signals = true;
    std::function<void(int signal)> forward_signal;  // called from the loop
};

struct AttachOutcome {
    enum class Kind { Exited, Detached, Lost, Killed };
    Kind kind = Kind::Lost;
    std::optional<shim::ExitRecord> record;  // for Exited
    int signal =
        0;  // for Killed: not proxied, so the caller shall die of it, the terminal restored
};

// Blocks the signals it serves while it runs. A descriptor of the user's that fails (EPIPE) is
// given up; the session goes on.
Result<AttachOutcome> attach_loop(shim::Connection& connection, const AttachOptions& options);

}  // namespace dhow::cli
