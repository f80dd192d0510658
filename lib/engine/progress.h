// SPDX-License-Identifier: Apache-2.0
// What dhow-transfer tells of its progress, in the words of the engine's callers.
#pragma once

#include "engine/engine.h"
#include "store/transfer_client.h"

namespace dhow::engine {

// `sink` outlives the result.
store::TransferSink forward_progress(const ProgressSink& sink);

}  // namespace dhow::engine
