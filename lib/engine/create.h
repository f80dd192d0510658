// SPDX-License-Identifier: Apache-2.0
// The part of `create` that `run` shares: everything but settling the row.
#pragma once

#include "base/result.h"
#include "engine/container_config.h"
#include "engine/engine.h"

#include <string>
#include <vector>

namespace dhow::engine {

struct Prepared {
    ContainerConfig config;
    std::vector<std::string> warnings;
};

// Leaves a row `creating` owned by this process, and the container's folders. On an error: nothing.
Result<Prepared> prepare_container(Engine& engine,
                                   const CreateRequest& request,
                                   const ProgressSink& sink);

}  // namespace dhow::engine
