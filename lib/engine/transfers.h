// SPDX-License-Identifier: Apache-2.0
// What the calls of dhow-transfer have in common: how a registry is reached, and progress in the
// words of the engine's callers.
#pragma once

#include "engine/engine.h"
#include "store/transfer_client.h"

namespace dhow::engine {

store::TransferRequest transfer_by(const RegistryAccess& access);
// `sink` outlives the result.
store::TransferSink forward_progress(const ProgressSink& sink);

}  // namespace dhow::engine
