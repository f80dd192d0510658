// SPDX-License-Identifier: Apache-2.0
// The container's root: cut from the host's mount events, cloned as a mount of its own, filled by
// mounts.h and devices.h, and made `/` with pivot_root(2), all by descriptors. Child half.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "oci/spec/runtime_spec.h"

#include <cstdint>
#include <string>

namespace dhow::oci {

// How this mount namespace hears of the host's mount events, by linux.rootfsPropagation: a MS_*
// flag, never one by which the host would hear of ours.
Result<uint64_t> host_propagation(const std::string& asked);

// Makes this mount namespace a slave (or what linux.rootfsPropagation asks) of the host's, and
// attaches a copy of the root's tree over itself. `tree` is that copy when the parent half has
// already made it (the child may lack the right to reach `path`). In a mount namespace that is
// shared with others (`shared`) only the copy is cut off.
Result<RootDir> prepare_root(const std::string& path,
                             const std::string& propagation,
                             UniqueFd tree,
                             bool shared);

// What a container in the host's own mount namespace left there. Given its `tree`, only that.
Status detach_root(const std::string& path);
Status detach_root(const std::string& path, int tree);

struct PivotOptions {
    bool no_pivot = false;  // chroot over a moved mount, for roots on an initramfs
    bool shared = false;    // others live in this mount namespace: chroot alone
    bool readonly = false;
    std::string propagation;  // linux.rootfsPropagation
};

// After it `/` and the working directory are the container's root; the host's tree is gone.
Status enter_root(const RootDir& root, const PivotOptions& options);

}  // namespace dhow::oci
