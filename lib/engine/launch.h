// SPDX-License-Identifier: Apache-2.0
// One start of one container: everything between "the row is there" and "the shim says Started".
#pragma once

#include "base/file.h"
#include "base/result.h"
#include "engine/container_config.h"
#include "engine/engine.h"

namespace dhow::engine {

// The caller has entered the namespaces and holds the container's lock. On an error nothing of this
// start is left: no mount, no process, no network, no run folder.
Result<StartedContainer> launch_container(Context& context,
                                          const ContainerConfig& config,
                                          StartMode mode);

// Serialises start, stop's tail and removal of one container across processes. NotFound when the
// container's folder is gone.
Result<FileLock> lock_container(Context& context, const std::string& id);

}  // namespace dhow::engine
