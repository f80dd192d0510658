// SPDX-License-Identifier: Apache-2.0
// Mounts of a container whose contents live outside of it: bind mounts, masked files, the groups of
// cgroup version 1, device nodes of a user namespace. A checkpoint holds their names alone; what is
// behind a name is decided at restore, from config.json, never from the checkpoint
// (CVE-2026-94603). Pure but for what container_path() looks up.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "oci/runtime/cgroup/cgroup.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <vector>

namespace dhow::oci {

struct ExternalMount {
    std::string name;         // in the checkpoint
    std::string destination;  // as config.json has it
    std::string source;       // on the host
    bool optional = false;    // a masked path need not be there
};

// `binds_devices`: /dev was filled by mounts, as in a user namespace.
Result<std::vector<ExternalMount>> external_mounts(const RuntimeSpec& spec,
                                                   const std::string& bundle,
                                                   const ContainerCgroup& cgroup,
                                                   bool binds_devices);

// Where a destination is once the container's own links are followed: "/real/conf".
Result<std::string> container_path(const RootDir& root, const std::string& destination);

}  // namespace dhow::oci
