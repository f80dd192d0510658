// SPDX-License-Identifier: Apache-2.0
// What dead commands left half-done, finished or undone by the next one. The only repairer: verbs
// call it before they change anything; ps calls it when it sees an intent of a dead command.
#pragma once

#include "base/result.h"
#include "engine/container_config.h"

namespace dhow::engine {

struct Context;

// Rows whose owner is dead: `creating` with a living shim becomes `created`, else it is undone;
// `removing` is finished. Then auto-remove containers that ended unseen, and the store's own
// leftovers. Costs one indexed query and one look into an empty folder when there is nothing to do.
Status reconcile(Context& context);

// The store's own leftovers alone; namespaces are entered when there are some.
Status sweep_leftovers(Context& context);

// Some row's owner is dead. One indexed query; joins nothing.
Result<bool> needs_reconciling(Context& context);

// Everything of a container: network, processes' leavings, folders, anonymous volumes of an
// auto-remove one, row. Namespaces are entered; nobody runs it. Missing parts are fine.
Status discard_container(Context& context, const ContainerConfig& config);

}  // namespace dhow::engine
