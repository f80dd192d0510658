// SPDX-License-Identifier: Apache-2.0
// diff: what a container, or an image's topmost layer, has changed; part of engine/engine.h.
#pragma once

#include "base/result.h"
#include "store/changes.h"

#include <string>
#include <vector>

namespace dhow::engine {

class Engine;

// What dhow itself puts in (mount points, /etc/hosts and the like) is left out.
Result<std::vector<store::Change>> diff_container(Engine& engine, const std::string& name);
// The topmost layer beside those below it; with `older`, the whole image beside that one.
Result<std::vector<store::Change>> diff_image(Engine& engine,
                                              const std::string& name,
                                              const std::string& older);

}  // namespace dhow::engine
