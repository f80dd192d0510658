// SPDX-License-Identifier: Apache-2.0
// dhow start: one container in the foreground with --attach, or any number in the background.
#include "cmd/dhow/foreground.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/targets.h"

namespace dhow::cli::verbs {

namespace {

Result<int> start_attached(Invocation& call, const std::string& name) {
    Foreground foreground = TRY(foreground_options(call.args()));
    foreground.with_input = call.args().flag("interactive");
    engine::Engine* const engine = TRY(call.engine());
    const engine::ContainerDetails details = TRY(engine::inspect_container(*engine, name));
    if (is_running(details.summary)) return serve_running(*engine, name, std::move(foreground));
    foreground.with_input = foreground.with_input && details.config.interactive;
    foreground.terminal = details.config.terminal;
    engine::StartedContainer started =
        TRY(engine::start_container(*engine, details.summary.id, engine::StartMode::Foreground));
    return serve_started(*engine, std::move(started), foreground);
}

}  // namespace

Result<int> start(Invocation& call) {
    const std::vector<Target> targets =
        TRY(find_targets(call, [](const auto& container) { return !is_running(container); }));
    const bool attach = call.args().flag("attach") || call.args().flag("interactive");
    if (attach && targets.size() != 1)
        return call.usage_error("you cannot start and attach multiple containers at once");
    if (attach) return start_attached(call, targets[0].id);
    engine::Engine* const engine = TRY(call.engine());
    return for_each_target(targets, false, [&](const Target& target) -> Status {
        TRY(engine::start_container(*engine, target.id, engine::StartMode::Detached));
        return {};
    });
}

}  // namespace dhow::cli::verbs
