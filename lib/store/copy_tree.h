// SPDX-License-Identifier: Apache-2.0
// Copies a folder's content with owner, mode, times, extended attributes, symbolic links, hard
// links and special files: what a new named volume gets from the image's folder it is mounted over.
// Both sides are walked by descriptor; no symbolic link of either tree is ever followed.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"

#include <string>

namespace dhow::store {

// Copies the content of `source` (not the folder itself) into `target`, then gives `target` the
// owner, mode and times of `source`. Both are opened folders. Entries in the way are an error.
Status copy_tree(int source, int target);

}  // namespace dhow::store
