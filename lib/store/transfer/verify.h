// SPDX-License-Identifier: Apache-2.0
// Every byte that the store keeps, read again: layers put together from folder and skeleton, and
// the blobs beside them. What is not what it is called is told as an event, and is no error of the
// verb. Runs in dhow-transfer alone.
#pragma once

#include "base/result.h"
#include "store/transfer/output.h"

namespace dhow::store {

// The layers of the request's images, and the files of its source folder.
Status verify_contents(const TransferContext& context);

}  // namespace dhow::store
