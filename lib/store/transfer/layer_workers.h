// SPDX-License-Identifier: Apache-2.0
// Layers, several at a time: threads that take them from a shared counter, each with a registry
// client of its own. Runs in dhow-transfer alone.
#pragma once

#include "base/result.h"
#include "store/registry/client.h"

#include <functional>

namespace dhow::store {

using LayerWork = std::function<Status(RegistryClient& client, size_t index)>;

// Calls `work` for 0 to count - 1, until all are done or one has failed. The calling thread works
// too, with `own`; the others connect with `options`.
Status for_each_layer(size_t count,
                      const RegistryOptions& options,
                      RegistryClient& own,
                      const LayerWork& work);

}  // namespace dhow::store
