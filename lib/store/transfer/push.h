// SPDX-License-Identifier: Apache-2.0
// `push`: an image's layers, config and manifest to a registry. A layer that is there already, as
// any compressed form that somebody has seen of it, is not sent; one that another repository of the
// registry has is mounted; the others are made from folder and skeleton, deflated, hashed and sent
// in one pass. Runs in dhow-transfer alone.
#pragma once

#include "store/transfer/output.h"

namespace dhow::store {

// What the registry has now: the manifest, and each layer's blob.
Result<TransferredImage> push_image(const TransferContext& context);

}  // namespace dhow::store
