// SPDX-License-Identifier: Apache-2.0
// A container's root file system: the image's layers under the container's own writable one,
// mounted in this process's mount namespace at `<run dir>/rootfs`.
#pragma once

#include "base/result.h"
#include "engine/container_config.h"

namespace dhow::engine {

struct Context;

Status mount_rootfs(Context& context, const ContainerConfig& config);
// MNT_DETACH; nothing mounted is success.
Status unmount_rootfs(Context& context, const std::string& id);

}  // namespace dhow::engine
