// SPDX-License-Identifier: Apache-2.0
// exec for a caller that relays the process's streams itself, as the API service does for its
// clients.
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/engine.h"

namespace dhow::engine {

// terminal set: the pty master alone.
struct ExecStreams {
    UniqueFd stdin_pipe;
    UniqueFd stdout_pipe;
    UniqueFd stderr_pipe;
    UniqueFd terminal;
    Child runtime;
    UniqueFd log = {};    // the runtime's own words, when it could not run the command
    std::string command;  // the first word of it
};

Result<ExecStreams> exec_with_streams(Engine& engine, const ExecRequest& request);
// Waits for its end: the process's exit code, or why it could not be run.
Result<int> wait_exec(ExecStreams& streams);

}  // namespace dhow::engine
