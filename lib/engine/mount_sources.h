// SPDX-License-Identifier: Apache-2.0
// Where each of a container's mounts comes from on this host: bind sources checked, volumes filled
// from the image on their first use.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "engine/container_config.h"
#include "engine/spec_builder.h"

#include <string>
#include <vector>

namespace dhow::engine {

struct Context;

// One for each of config.options.mounts. `rootfs` is the mounted root.
Result<std::vector<MountSource>> find_mount_sources(Context& context,
                                                    const ContainerConfig& config,
                                                    const RootDir& rootfs);

// At create: named volumes come into being, anonymous ones get their names.
Status create_volumes(Context& context, ContainerConfig& config);

}  // namespace dhow::engine
