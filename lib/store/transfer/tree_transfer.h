// SPDX-License-Identifier: Apache-2.0
// Whole trees and tars of them, which are no images: `export` of a container, `volume export` and
// `volume import`. Runs in dhow-transfer alone.
#pragma once

#include "base/result.h"
#include "store/transfer/decompress.h"
#include "store/transfer/pull.h"

namespace dhow::store {

// The tree at the request's source folder, as a tar, to `output`.
Status export_tree(const TransferContext& context, int output);
// `tar`, plain or compressed, laid over the folder that the request names: what is there under the
// same name is replaced, the rest stays.
Status unpack_tree(const TransferContext& context, int tar);

// A file or pipe to its end.
Status read_stream(int fd, const ByteSink& sink);

}  // namespace dhow::store
