// SPDX-License-Identifier: Apache-2.0
// rm, and what happens to an auto-remove container at its end.
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/launch.h"
#include "engine/network_setup.h"
#include "engine/reconcile.h"
#include "store/reserve.h"
#include "store/volume_store.h"

namespace dhow::engine {

namespace {

Status discard_with_volumes(Context& context, const ContainerConfig& config, bool volumes) {
    ContainerConfig removed = config;
    removed.options.auto_remove = removed.options.auto_remove || volumes;
    TRY(mark_removing(context, config.id));
    return discard_container(context, removed);
}

Error still_running(const ContainerRow& row, ContainerStatus status) {
    return make_error(
        ErrorKind::Conflict,
        "remove container '" + row.name + "': it is " + std::string(status_name(status)),
        "stop it first, or use: dhow rm -f " + row.name);
}

}  // namespace

Result<void> remove_container(Engine& engine, const RemoveRequest& request) {
    Context& context = engine.context();
    const store::Room room(context.store.root_fd());
    TRY(context.enter());
    TRY(reconcile(context));
    const auto row = TRY(find_container(context, request.container));
    const auto state = TRY(read_container_state(context, row.id));
    if (state.alive()) {
        if (!request.force) return still_running(row, state.status);
        TRY(stop_container(
            engine, StopRequest{.container = row.id, .timeout_seconds = request.timeout_seconds}));
        // The shim removes an auto-remove container by itself; then there is nothing left to do.
        if (!TRY(find_container_by_id(context, row.id))) return {};
    }
    auto lock = lock_container(context, row.id);
    if (!lock && lock.error().kind != ErrorKind::NotFound) return lock.error();
    const auto now = TRY(read_container_state(context, row.id));
    if (now.alive()) return still_running(row, now.status);
    return discard_with_volumes(context, row.config, request.volumes);
}

Result<void> cleanup_container(Engine& engine, const std::string& id) {
    Context& context = engine.context();
    const store::Room room(context.store.root_fd());
    TRY(context.enter());
    const auto row = TRY(find_container_by_id(context, id));
    if (!row) return {};
    auto lock = lock_container(context, row->id);
    if (!lock) return lock.error().kind == ErrorKind::NotFound ? Result<void>() : lock.error();
    const auto state = TRY(read_container_state(context, row->id));
    if (state.alive()) return {};  // started again
    if (row->config.options.auto_remove) {
        return discard_with_volumes(context, row->config, true);
    }
    return tear_down_network(context, row->config);
}

Result<void> finish_foreground(Engine& engine, StartedContainer& started) {
    Context& context = engine.context();
    const store::Room room(context.store.root_fd());
    const auto row = TRY(find_container_by_id(context, started.id));
    if (row) {
        if (row->config.options.auto_remove) {
            TRY(discard_with_volumes(context, row->config, true));
        } else {
            TRY(tear_down_network(context, row->config));
        }
    }
    if (!started.connection) return {};
    return started.connection->send(shim::PacketType::Cleaned);
}

}  // namespace dhow::engine
