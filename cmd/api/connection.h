// SPDX-License-Identifier: Apache-2.0
// One client's connection, from its first request to its last. Runs in a process of its own: what
// it breaks is its own.
#pragma once

#include "base/unique_fd.h"
#include "engine/engine.h"

namespace dhow::api {

void serve_connection(UniqueFd socket, const engine::EngineOptions& options);

}  // namespace dhow::api
