// SPDX-License-Identifier: Apache-2.0
// The container's view of /sys/fs/cgroup: one cgroup2 mount, or for version 1 a tmpfs with a folder
// for each hierarchy, each showing the container's own group and nothing above it. Child half.
#pragma once

#include "oci/runtime/mounts/mount_options.h"
#include "oci/runtime/mounts/mounts.h"

namespace dhow::oci {

Status mount_cgroup(const MountContext& context, const Mount& mount, const MountOptions& options);

}  // namespace dhow::oci
