// SPDX-License-Identifier: Apache-2.0
// The options that `checkpoint` and `restore` share, as runc has them.
#pragma once

#include "cmd/runtime/verb.h"
#include "oci/runtime/checkpoint/criu.h"

namespace dhow::runtime_cli {

// An error says how to get criu, or that only root may use it.
Result<oci::CriuOptions> criu_options(const Context& context, const Options& options);

}  // namespace dhow::runtime_cli
