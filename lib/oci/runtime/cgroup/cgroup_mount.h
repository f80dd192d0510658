// SPDX-License-Identifier: Apache-2.0
// The container's view of /sys/fs/cgroup: one cgroup2 mount, or for version 1 a tmpfs with a folder
// for each hierarchy, each showing the container's own group and nothing above it. Child half.
#pragma once

#include "oci/runtime/mounts/mount_options.h"
#include "oci/runtime/mounts/mounts.h"

#include <string>
#include <vector>

namespace dhow::oci {

struct ShownHierarchy {
    std::string name;                // "cpu,cpuacct"; "systemd"
    std::string folder;              // on the host
    std::vector<std::string> links;  // "cpu", "cpuacct" where `name` has several
};

// What a mount of type cgroup shows, each a bind mount; none on a machine of version 2 alone.
Result<std::vector<ShownHierarchy>> shown_hierarchies(const ContainerCgroup& cgroup);

Status mount_cgroup(const MountContext& context, const Mount& mount, const MountOptions& options);

}  // namespace dhow::oci
