// SPDX-License-Identifier: Apache-2.0
// From a stored ContainerConfig to the OCI runtime spec of one start. The spec is derived anew at
// each start and never read back: changing dhow changes how old containers start. Pure but for
// reading a seccomp profile file. Only the user's own options widen isolation; the image
// contributes its command, environment, user and working directory, nothing else.
#pragma once

#include "base/result.h"
#include "engine/container_config.h"
#include "engine/container_user.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <vector>

namespace dhow::engine {

// What the host and the preparations of this start contribute.
// What is mounted for one of the user's mounts.
struct MountSource {
    std::string path;       // absolute; a device or name for other types; "" for tmpfs
    std::string type = {};  // empty: the folder or file at `path`
    std::vector<std::string> options = {};  // the volume's own
};

struct SpecInput {
    const ContainerConfig& config;
    ContainerUser user;
    std::string rootfs;                      // absolute path of the mounted root
    std::string netns_path;                  // empty: a new one, unless the network is host's
    std::string files_dir;                   // holds hosts, resolv.conf, hostname
    std::vector<MountSource> mount_sources;  // one for each of config.options.mounts
    std::string init_path;                   // dhow-init on the host, for --init
    std::string cgroups_path;                // empty: no cgroup of its own
    bool limits_possible = false;            // the cgroup can hold limits
    bool rootless = true;
    bool cgroup_v2 = false;
    // Of the terminal before its first program runs: what comes later could come too late.
    oci::ConsoleSize console_size = {};
};

Result<oci::RuntimeSpec> build_runtime_spec(const SpecInput& input);

// The parts, each in a file of its own.
std::vector<oci::Mount> build_mounts(const SpecInput& input);
Result<oci::Linux> build_linux(const SpecInput& input,
                               const std::vector<std::string>& capabilities);
oci::Capabilities capability_sets(const std::vector<std::string>& names, uint32_t uid);

// Where --init finds its helper in the container.
inline constexpr const char* kInitInContainer = "/run/dhow-init";

}  // namespace dhow::engine
