// SPDX-License-Identifier: Apache-2.0
// /dev of a container: the default nodes and links, linux.devices, /dev/console (config-linux.md,
// "Default Devices"). mknod(2) where we may, bind mounts of the host's nodes in a user namespace.
// All below one folder descriptor opened in the root before anything is made, so a root whose /dev
// is a symbolic link cannot lead out (CVE-2026-41579). Child half, before pivot_root.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "base/unique_fd.h"
#include "oci/spec/runtime_spec.h"

#include <vector>

namespace dhow::oci {

struct DeviceOptions {
    bool bind = false;        // in a user namespace: mknod(2) gives nothing that can be opened
    UniqueFd own_nodes = {};  // make_own_nodes(), device_nodes.h
};

// Is /dev the container's own? Not when the host's was bind mounted there.
bool owns_dev(const std::vector<Mount>& mounts);

Status make_devices(const RootDir& root,
                    const std::vector<Device>& devices,
                    const DeviceOptions& options);

// stdio that is the host's null device becomes the container's own: a mount of the host's that is
// open in a container keeps it from being saved (criu(8)).
Status adopt_null_stdio(const RootDir& root);

}  // namespace dhow::oci
