// SPDX-License-Identifier: Apache-2.0
// What nothing needs any more, removed by kind; part of engine/engine.h. What somebody begins to
// use meanwhile stays, and is no error.
#pragma once

#include "base/result.h"
#include "engine/filters.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dhow::engine {

class Engine;

struct Pruned {
    std::vector<std::string> removed;  // ids of containers and images, names of volumes
    uint64_t reclaimed = 0;            // bytes
};

// Those that do not run.
Result<Pruned> prune_containers(Engine& engine, const PruneFilter& filter);

struct ImagePruneRequest {
    bool all = false;  // images with names, too, if no container uses them
    PruneFilter filter;
};

Result<Pruned> prune_images(Engine& engine, const ImagePruneRequest& request);

struct VolumePruneRequest {
    bool all = false;      // volumes with names, too
    bool dry_run = false;  // only say which
    PruneFilter filter;
};

Result<Pruned> prune_volumes(Engine& engine, const VolumePruneRequest& request);

}  // namespace dhow::engine
