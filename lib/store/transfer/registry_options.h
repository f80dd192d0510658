// SPDX-License-Identifier: Apache-2.0
// From a transfer's request to the places that are asked, how each is reached, and as whom.
#pragma once

#include "base/result.h"
#include "store/registry/config.h"
#include "store/transfer_protocol.h"

#include <vector>

namespace dhow::store {

// All that registries.conf, certs.d and the credential files say about this request, read at once,
// before the process locks itself in. Pull: mirrors first, then the registry itself; Push and
// Login: the registry; empty for verbs that ask none.
Result<std::vector<RegistryOptions>> plan_registry(const TransferRequest& request);

}  // namespace dhow::store
