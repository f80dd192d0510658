// SPDX-License-Identifier: Apache-2.0
#include "engine/container_repo.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/names.h"

namespace dhow::engine {

Result<void> rename_container(Engine& engine,
                              const std::string& name,
                              const std::string& new_name) {
    TRY(check_container_name(new_name));
    Context& context = engine.context();
    const auto row = TRY(find_container(context, name));
    if (row.name == new_name) return {};
    return set_container_name(context, row.id, new_name);
}

}  // namespace dhow::engine
