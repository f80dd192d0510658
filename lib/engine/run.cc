// SPDX-License-Identifier: Apache-2.0
// start and run. `run` is create and start in one process: the row goes from `creating` to
// `created` only once the shim has answered, so that a kill at any moment leaves either a container
// that runs or an intent that the next command rolls back.
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/create.h"
#include "engine/engine.h"
#include "engine/launch.h"
#include "engine/reconcile.h"
#include "engine/systemd_notify.h"

namespace dhow::engine {

Result<StartedContainer> start_container(Engine& engine, const std::string& name, StartMode mode) {
    Context& context = engine.context();
    TRY(context.enter());
    TRY(reconcile(context));
    const auto row = TRY(find_container(context, name));
    const auto lock = TRY(lock_container(context, row.id));
    const auto state = TRY(read_container_state(context, row.id));
    if (state.alive()) {
        // systemd would wait for a main process that is not the unit's, and then end the container.
        if (unit_waits()) {
            return make_error(ErrorKind::Conflict,
                              "container '" + row.name + "' already runs outside of this unit",
                              "stop it first: dhow stop " + row.name);
        }
        StartedContainer running{.id = row.id, .pid = state.pid()};
        if (mode == StartMode::Foreground) {
            running.connection =
                TRY(attach_container(engine, row.id, row.config.options.interactive));
        }
        return running;
    }
    auto started = launch_container(context, row.config, mode);
    if (!started && row.config.options.auto_remove) {
        ignore(discard_container(context, row.config), "the start's own error says more");
    }
    return started;
}

Result<Run> run_container(Engine& engine,
                          const CreateRequest& request,
                          StartMode mode,
                          const ProgressSink& sink) {
    Context& context = engine.context();
    auto prepared = TRY(prepare_container(engine, request, sink));
    const auto lock = TRY(lock_container(context, prepared.config.id));
    auto started = launch_container(context, prepared.config, mode);
    if (!started) {
        // A container whose command cannot be run stays for inspection unless --rm (as Docker).
        if (request.auto_remove) {
            ignore(discard_container(context, prepared.config), "the start's own error says more");
        } else {
            ignore(mark_created(context, prepared.config.id), "the next command settles it");
        }
        return started.error();
    }
    TRY(mark_created(context, prepared.config.id));
    return Run{
        .created = Created{.id = prepared.config.id, .warnings = std::move(prepared.warnings)},
        .started = started.take()};
}

}  // namespace dhow::engine
