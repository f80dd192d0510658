// SPDX-License-Identifier: Apache-2.0
// `pull`: one image from its registry; the manifest for the platform asked for, the config, and
// every layer that is not here yet, several at a time. Runs in dhow-transfer alone.
#pragma once

#include "base/result.h"
#include "store/registry/client.h"
#include "store/transfer/output.h"

namespace dhow::store {

Result<TransferredImage> pull_image(const TransferContext& context);

// `login`: whether the registry takes these credentials.
Status check_registry_login(const TransferContext& context);

}  // namespace dhow::store
