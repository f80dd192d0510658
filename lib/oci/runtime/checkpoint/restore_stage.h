// SPDX-License-Identifier: Apache-2.0
// The child that becomes criu for a restore: takes namespaces of its own, mounts the container's
// root where criu wants it, makes missing mount points, and executes criu. Restored processes
// inherit its cgroup and cgroup namespace.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/runtime/cgroup/cgroup.h"
#include "oci/runtime/checkpoint/criu.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <vector>

namespace dhow::oci {

struct RestoreStage {
    const RuntimeSpec& spec;
    std::string bundle;
    std::string rootfs;
    std::string mount_root;  // an empty folder that the root is mounted to
    std::string criu;
    const ContainerCgroup& cgroup;
    bool own_cgroup_namespace = false;
    // Descriptors from 4 up in criu, in this order.
    std::vector<UniqueFd> given;
};

Result<CriuService> start_restore_stage(RestoreStage& stage);

}  // namespace dhow::oci
