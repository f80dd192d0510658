// SPDX-License-Identifier: Apache-2.0
// Overlay mounts by the new mount API: fsopen(2), fsconfig(2), fsmount(2), move_mount(2). The
// caller is in its own mount namespace already. Layers are handed over as descriptors
// (kernel 6.13), as "lowerdir+" strings (6.5), or to mount(2) on older kernels; always as
// /proc/self/fd/N there, so that no character of a path means anything and 128 layers fit. See
// Documentation/filesystems/overlayfs.rst.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <string>
#include <vector>

namespace dhow::store {

enum class OverlayApi { Best, Strings, Legacy };

struct OverlaySpec {
    std::vector<std::string> lowers;  // absolute, topmost first; at least one
    std::string upper;                // absolute; empty: a read-only view of the lowers
    std::string work;                 // absolute, empty folder on the same file system as `upper`
    bool userxattr = false;           // rootless
    // Skips every sync of the upper folder; only for containers that a crash may take with it.
    bool volatile_upper = false;
    bool nodev = true;
    OverlayApi api = OverlayApi::Best;  // other values are for tests
};

// Mounts onto `target`, an existing folder given by its absolute path.
Status mount_overlay(const OverlaySpec& spec, const std::string& target);

}  // namespace dhow::store
