// SPDX-License-Identifier: Apache-2.0
// dhow volume rm: exit code 1 when there is no such volume, 2 when a container uses it.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/targets.h"
#include "engine/volumes.h"

namespace dhow::cli::verbs {

Result<int> volume_rm(Invocation& call) {
    const Args& args = call.args();
    engine::Engine* const engine = TRY(call.engine());
    const std::vector<std::string> names = TRY(find_volume_names(call));
    engine::RemoveVolumeRequest request;
    request.force = args.flag("force");
    if (const auto seconds = args.integer("time")) {
        request.timeout_seconds = static_cast<int>(*seconds);
    }
    return for_each_operand(
        names,
        [&](const std::string& name) -> Status {
            request.volume = name;
            const Status removed = engine::remove_volume(*engine, request);
            // --force: what is not there is gone.
            if (!removed && request.force && removed.error().kind == ErrorKind::NotFound) return {};
            TRY(removed);
            return print_line(name);
        },
        CodeStyle::Removal);
}

}  // namespace dhow::cli::verbs
