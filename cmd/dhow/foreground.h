// SPDX-License-Identifier: Apache-2.0
// A container in the foreground, for run, start --attach and attach: sets up the session from the
// command's options, runs it, and turns its end into an exit code.
#pragma once

#include "base/result.h"
#include "cmd/dhow/args.h"
#include "cmd/dhow/attach_loop.h"
#include "engine/engine.h"

#include <string>

namespace dhow::cli {

struct Foreground {
    bool with_input = false;
    bool terminal = false;  // the container has one
    bool proxy_signals = true;
    std::string detach_sequence;
};

// Reads --sig-proxy and --detach-keys, before anything is created.
Result<Foreground> foreground_options(const Args& args);

// Attached from before the first byte; removes a --rm container at its end. The exit code.
Result<int> serve_started(engine::Engine& engine,
                          engine::StartedContainer started,
                          const Foreground& options);
// Attached to a container that runs already.
Result<int> serve_running(engine::Engine& engine, const std::string& name, Foreground options);

}  // namespace dhow::cli
