// SPDX-License-Identifier: Apache-2.0
// The parent: accepts, checks who is there, forks one child a connection, and leaves when nobody
// has come for a while. It reads not one byte of a request.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/engine.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace dhow::api {

struct ServerOptions {
    std::string listen_path;                   // absolute; empty: sockets were handed over
    std::optional<std::chrono::seconds> idle;  // then leave; nullopt: never
    engine::EngineOptions engine;
};

// The sockets of socket activation (sd_listen_fds(3)), when this process is meant by LISTEN_PID.
std::vector<UniqueFd> take_activation_sockets();

// Returns when idle, or told to end by SIGTERM or SIGINT.
Status serve(const ServerOptions& options, std::vector<UniqueFd> listeners);

}  // namespace dhow::api
