// SPDX-License-Identifier: Apache-2.0
// The new mount API as Results (fsopen(2), open_tree(2), move_mount(2), mount_setattr(2)). A mount
// is made detached, as a descriptor, and attached to a descriptor: no path of a container's tree is
// ever resolved by mount(2). Runs in the child half, and in the parent half for detached trees.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dhow::oci {

struct Filesystem {
    std::string type;
    std::string source;                                           // may be empty
    std::vector<std::pair<std::string, std::string>> parameters;  // empty value: a flag
    uint64_t attributes = 0;                                      // MOUNT_ATTR_*
};

// A detached mount of a new (or shared) file system; errors carry the kernel's own explanation.
Result<UniqueFd> make_filesystem(const Filesystem& filesystem);
// The same for proc and sysfs where the kernel refuses a new one: a user namespace gets instances
// of them only with a pid or network namespace that it owns (user_namespaces(7)). With the caller's
// namespace the caller's own instance, shared with all below it, says the same.
Result<UniqueFd> make_or_share_filesystem(const Filesystem& filesystem);
enum class TreeLinks { Follow, Keep };

// A detached copy of the mount at `path` (empty: of `dir` itself), with what is mounted below it. A
// link at the end of the path is followed, or is itself the copy.
Result<UniqueFd> clone_tree(int dir,
                            const std::string& path,
                            bool recursive,
                            TreeLinks links = TreeLinks::Follow);
Status set_attributes(int mount, uint64_t set, uint64_t clear, bool recursive);
Status set_propagation(int mount, uint64_t flag, bool recursive);
// Attaches a detached mount over what `target` refers to.
Status attach(int mount, int target);

}  // namespace dhow::oci
