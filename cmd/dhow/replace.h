// SPDX-License-Identifier: Apache-2.0
// --replace of run and create: the container that has the name makes room.
#pragma once

#include "base/result.h"
#include "engine/engine.h"

#include <string>

namespace dhow::cli {

// Nothing happens when nobody has the name; `name` empty is an error: there is nothing to replace.
Status remove_namesake(engine::Engine& engine, const std::string& name);

}  // namespace dhow::cli
