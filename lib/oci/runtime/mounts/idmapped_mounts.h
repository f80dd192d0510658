// SPDX-License-Identifier: Apache-2.0
// Bind mounts whose ids are mapped (runtime-spec config.md, mount options `idmap` and `ridmap`,
// uidMappings and gidMappings of a mount; mount_setattr(2), MOUNT_ATTR_IDMAP). Parent half: the
// kernel wants a detached tree and a caller that is root over its file system, which the child is
// not where it gets a user namespace of its own.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <vector>

namespace dhow::oci {

// Maps the ids of every mount that asks for it. `sources`: as MountContext has them; trees that are
// missing there are cloned. Without mappings of its own a mount takes the container's, which then
// needs a user namespace. Only bind mounts can be mapped. Permission where the caller, or the file
// system, does not allow it.
Status map_mount_ids(const std::string& bundle,
                     const RuntimeSpec& spec,
                     std::vector<UniqueFd>& sources);

}  // namespace dhow::oci
