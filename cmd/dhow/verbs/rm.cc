// SPDX-License-Identifier: Apache-2.0
// dhow rm: exit code 1 when there is no such container, 2 when it runs.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/targets.h"

namespace dhow::cli::verbs {

Result<int> rm(Invocation& call) {
    const Args& args = call.args();
    const std::vector<Target> targets = TRY(find_targets(call, [](const auto&) { return true; }));
    const std::optional<int64_t> seconds = args.integer("time");
    engine::Engine* const engine = TRY(call.engine());
    const bool ignore_missing = args.flag("ignore") || args.flag("force");
    return for_each_target(
        targets,
        ignore_missing,
        [&](const Target& target) {
            engine::RemoveRequest request;
            request.container = target.id;
            request.force = args.flag("force");
            request.volumes = args.flag("volumes");
            if (seconds) request.timeout_seconds = static_cast<int>(*seconds);
            return engine::remove_container(*engine, request);
        },
        CodeStyle::Removal);
}

}  // namespace dhow::cli::verbs
