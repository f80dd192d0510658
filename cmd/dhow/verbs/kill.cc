// SPDX-License-Identifier: Apache-2.0
// dhow kill
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/parse/policies.h"
#include "cmd/dhow/targets.h"

namespace dhow::cli::verbs {

Result<int> kill(Invocation& call) {
    const Args& args = call.args();
    const int signal =
        TRY_CONTEXT(parse_signal(args.given("signal") ? args.text("signal") : "KILL"), "--signal");
    const std::vector<Target> targets = TRY(find_targets(call, is_running));
    engine::Engine* const engine = TRY(call.engine());
    return for_each_target(targets, false, [&](const Target& target) {
        return engine::kill_container(*engine, target.id, signal);
    });
}

}  // namespace dhow::cli::verbs
