// SPDX-License-Identifier: Apache-2.0
// system df: what images, containers and volumes take of the disk; part of engine/engine.h. Sizes
// of layers are rows; those of writable folders and volumes are added up from their files.
#pragma once

#include "base/result.h"
#include "engine/views.h"
#include "engine/volumes.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dhow::engine {

class Engine;
struct Context;

// All in bytes.
struct ImageUsage {
    ImageSummary image;
    uint64_t shared = 0;  // of layers that other images have too
    uint64_t unique = 0;
};

struct ContainerUsage {
    ContainerSummary container;
    uint64_t size = 0;  // of its writable folder
    int volumes = 0;
};

struct VolumeUsage {
    VolumeDetails volume;
    uint64_t size = 0;
};

struct DiskUsage {
    std::vector<ImageUsage> images;
    uint64_t layers = 0;  // of all layers, each once
    std::vector<ContainerUsage> containers;
    std::vector<VolumeUsage> volumes;
};

Result<DiskUsage> disk_usage(Engine& engine);

// In the user's namespaces.
Result<uint64_t> writable_size(const Context& context, const std::string& container_id);
// 0 for one that is mounted from elsewhere.
Result<uint64_t> volume_size(const VolumeDetails& volume);

}  // namespace dhow::engine
