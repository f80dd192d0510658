// SPDX-License-Identifier: Apache-2.0
// A folder as a tar stream: `export` of a container's whole file system, and the layer that
// `commit` makes of its writable folder. Names in order, so that the same tree gives the same
// bytes; owners, modes, times, hard links, devices, file capabilities and user attributes as they
// are. Sockets have no place in a tar. Runs in dhow-transfer alone.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "store/transfer/decompress.h"

namespace dhow::store {

struct TreeTarOptions {
    // The tree is the writable folder of an overlay: character devices 0/0 become ".wh." entries,
    // opaque folders get ".wh..wh..opq" (image-spec, layer.md).
    bool as_layer = false;
};

// Nothing outside of the tree is read, whatever links it holds.
Status write_tree_tar(const RootDir& tree, const TreeTarOptions& options, const ByteSink& sink);

}  // namespace dhow::store
