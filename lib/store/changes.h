// SPDX-License-Identifier: Apache-2.0
// What was added, changed and deleted in a tree: the answer of `diff`. Paths are absolute in the
// tree, in the order of a walk, folders before what is in them; a folder in which something
// differs counts as changed (as Docker and Podman have it).
#pragma once

#include "base/result.h"
#include "base/root_dir.h"

#include <string>
#include <vector>

namespace dhow::store {

enum class ChangeKind { Changed, Added, Deleted };

struct Change {
    ChangeKind kind = ChangeKind::Changed;
    std::string path;  // "/etc/passwd"

    bool operator==(const Change&) const = default;
};

// `layer`: the writable folder of an overlay, or a layer; `below`: the tree it lies on.
Result<std::vector<Change>> changes_of_layer(const RootDir& layer,
                                             const RootDir& below,
                                             bool rootless);
// Two whole trees, compared by type, mode, owner, size and time.
Result<std::vector<Change>> changes_between(const RootDir& older, const RootDir& newer);

}  // namespace dhow::store
