// SPDX-License-Identifier: Apache-2.0
// How much a tree holds that somebody else may be changing meanwhile.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"

#include <cstdint>

namespace dhow {

// Bytes of its regular files, each inode once, whatever else changes meanwhile; no symbolic link is
// followed. Folders whose path is too long for the kernel (PATH_MAX) are left out.
Result<uint64_t> tree_size(const RootDir& tree);

}  // namespace dhow
