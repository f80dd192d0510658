// SPDX-License-Identifier: Apache-2.0
// From a transfer's request to how its registry is reached, and as whom.
#pragma once

#include "base/result.h"
#include "store/image_ref.h"
#include "store/registry/client.h"
#include "store/transfer_protocol.h"

namespace dhow::store {

Result<RegistryOptions> registry_options(const TransferRequest& request, const ImageRef& reference);
// `request.reference` is a registry.
Result<RegistryOptions> login_options(const TransferRequest& request);

}  // namespace dhow::store
