// SPDX-License-Identifier: Apache-2.0
#include "engine/container_repo.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/siblings.h"
#include "engine/systemd_unit.h"

namespace dhow::engine {

Result<std::string> generate_systemd(Engine& engine, const GenerateSystemdRequest& request) {
    Context& context = engine.context();
    auto row = TRY(find_container(context, request.container));
    row.config.name = row.name;
    auto dhow = TRY(find_sibling("dhow"));
    const UnitInput input{
        .config = row.config,
        .request = request,
        .dhow =
            {std::move(dhow), "--root", context.store.root(), "--runroot", context.run_root_path},
        .rootless = context.rootless,
    };
    return build_systemd_unit(input);
}

}  // namespace dhow::engine
