// SPDX-License-Identifier: Apache-2.0
// Images that are made here: `commit` adds a layer from a container's writable folder to the layers
// of its image, `import` makes one of a tar. The engine gives the config; this half adds what only
// the layer's bytes tell: its DiffID, and the history entry that goes with it. Runs in
// dhow-transfer alone.
#pragma once

#include "store/transfer/output.h"

namespace dhow::store {

Result<TransferredImage> commit_image(const TransferContext& context);
// `tar`: plain or compressed.
Result<TransferredImage> import_image(const TransferContext& context, int tar);

}  // namespace dhow::store
