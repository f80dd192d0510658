// SPDX-License-Identifier: Apache-2.0
// system check and system reset; part of engine/engine.h.
#pragma once

#include "base/result.h"
#include "engine/images.h"

#include <string>
#include <vector>

namespace dhow::engine {

class Engine;

struct CheckRequest {
    bool quick = false;   // only whether everything is there, not what is in it
    bool repair = false;  // images that are damaged go; what is missing of volumes is made anew
    bool force = false;   // containers that are in the way go, too
};

struct Finding {
    std::string object;  // "layer sha256:...", "volume data", "container web"
    std::string problem;
    std::vector<std::string> images;  // ids of those that cannot be relied on
    bool repaired = false;
};

struct CheckReport {
    size_t layers = 0;
    size_t blobs = 0;
    size_t images = 0;
    size_t containers = 0;
    size_t volumes = 0;
    std::vector<Finding> findings;
};

Result<CheckReport> check_system(Engine& engine,
                                 const CheckRequest& request,
                                 const ProgressSink& sink);

// Every container, image and volume, and the database with them: as if dhow had never been used.
Status reset_system(Engine& engine);

}  // namespace dhow::engine
