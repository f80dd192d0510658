// SPDX-License-Identifier: Apache-2.0
// dhow stop
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/targets.h"

namespace dhow::cli::verbs {

Result<int> stop(Invocation& call) {
    const std::vector<Target> targets = TRY(find_targets(call, is_running));
    const std::optional<int64_t> seconds = call.args().integer("time");
    engine::Engine* const engine = TRY(call.engine());
    return for_each_target(targets, call.args().flag("ignore"), [&](const Target& target) {
        engine::StopRequest request;
        request.container = target.id;
        if (seconds) request.timeout_seconds = static_cast<int>(*seconds);
        return engine::stop_container(*engine, request);
    });
}

}  // namespace dhow::cli::verbs
