// SPDX-License-Identifier: Apache-2.0
// From a row and its state to the views that both front doors show.
#pragma once

#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/views.h"

namespace dhow::engine {

ContainerSummary summarize(const ContainerRow& row, const ContainerState& state);
ContainerDetails describe(const Context& context,
                          const ContainerRow& row,
                          const ContainerState& state);

}  // namespace dhow::engine
