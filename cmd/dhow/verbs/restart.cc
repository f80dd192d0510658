// SPDX-License-Identifier: Apache-2.0
// dhow restart
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/targets.h"

namespace dhow::cli::verbs {

Result<int> restart(Invocation& call) {
    const bool running_only = call.args().flag("running");
    const std::vector<Target> targets = TRY(find_targets(
        call, [&](const auto& container) { return !running_only || is_running(container); }));
    const std::optional<int64_t> seconds = call.args().integer("time");
    engine::Engine* const engine = TRY(call.engine());
    return for_each_target(targets, false, [&](const Target& target) {
        engine::StopRequest request;
        request.container = target.id;
        if (seconds) request.timeout_seconds = static_cast<int>(*seconds);
        return engine::restart_container(*engine, request);
    });
}

}  // namespace dhow::cli::verbs
