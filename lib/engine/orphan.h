// SPDX-License-Identifier: Apache-2.0
// What a supervisor leaves that was killed: processes nobody waits for, and what the OCI runtime
// still knows of them (its state, their cgroup). Internal to the engine.
#pragma once

#include "base/result.h"
#include "engine/container_config.h"

namespace dhow::engine {

struct Context;

// Ends them by `RUNTIME delete --force`. Nothing to do, and cheap to ask, when a supervisor is at
// work or has done it. Needs Context::enter() before: the processes may belong to subordinate ids.
Status end_orphan(Context& context, const ContainerConfig& config);

}  // namespace dhow::engine
