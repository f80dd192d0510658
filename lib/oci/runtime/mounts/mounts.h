// SPDX-License-Identifier: Apache-2.0
// The mounts of config.json, in their order (config.md, "Mounts"). Every destination is resolved
// once, by the kernel, with the container's root as `/`, to a descriptor that the mount is attached
// to (CVE-2021-30465, CVE-2019-19921). Child half, before pivot_root; /dev is devices.h.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "oci/runtime/cgroup/cgroup.h"
#include "oci/runtime/mounts/mount_options.h"
#include "oci/spec/runtime_spec.h"

#include <cstdint>
#include <string>
#include <vector>

#include <sys/mount.h>

namespace dhow::oci {

struct MountContext {
    const RootDir& root;
    const std::string& bundle;  // relative sources of bind mounts are below it
    const ContainerCgroup& cgroup;
    bool cgroup_namespace = false;
    // Trees of bind sources, cloned by the parent half where the child may not reach them, or map
    // their ids; by index
    // of the mount, invalid where there is none. May be empty.
    std::vector<UniqueFd> sources;
    std::string label = {};                // mount_label()
    uint64_t host_propagation = MS_SLAVE;  // host_propagation()
    std::string rootfs = {};               // the root's path on the host
};

// What was mounted writable to be filled and still has to become read-only: finish_mounts().
struct PendingMounts {
    std::vector<UniqueFd> make_readonly;
};

Result<PendingMounts> mount_all(MountContext& context, const std::vector<Mount>& mounts);
Status finish_mounts(const PendingMounts& pending);

// Bind sources as detached trees, for MountContext::sources. Parent half, when the container gets a
// user namespace of its own. What is below the root's path is the child's: earlier mounts may be in
// it by then.
Result<std::vector<UniqueFd>> open_bind_sources(const std::string& bundle,
                                                const std::string& rootfs,
                                                const std::vector<Mount>& mounts);

bool is_bind(const Mount& mount, const MountOptions& options);
// By its options, or by mappings of its own: idmapped_mounts.h.
bool wants_id_map(const Mount& mount);
Result<UniqueFd> open_bind_source(const std::string& bundle, const Mount& mount);

}  // namespace dhow::oci
