// SPDX-License-Identifier: Apache-2.0
// stop, kill, wait, restart: all through the container's shim, which owns its pid. No namespace is
// joined here, whatever user the container runs as.
#include "base/file.h"
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/orphan.h"
#include "engine/signals.h"

#include <csignal>

namespace dhow::engine {

static Error not_running(const ContainerRow& row, std::string_view verb) {
    return make_error(ErrorKind::Conflict,
                      std::string(verb) + " container '" + row.name + "': it is not running",
                      "start it with: dhow start " + row.name);
}

// Reads packets until the container's life is over. A shim that vanished without a word leaves the
// truth to the exit record.
static Result<void> await_exit(shim::Connection& connection) {
    while (true) {
        auto packet = connection.receive();
        if (!packet || !*packet || (*packet)->type == shim::PacketType::Exited) return {};
    }
}

Result<void> stop_container(Engine& engine, const StopRequest& request) {
    Context& context = engine.context();
    const auto row = TRY(find_container(context, request.container));
    const auto state = TRY(read_container_state(context, row.id));
    if (!state.alive()) {
        if (state.status != ContainerStatus::Unknown) return {};
        TRY(context.enter());
        return end_orphan(context, row.config);
    }
    const auto run_dir = TRY(open_run_dir(context, row.id));
    const int signal = TRY(parse_signal(row.config.options.stop_signal));
    const int timeout = request.timeout_seconds.value_or(row.config.stop_timeout_seconds());
    auto connection = shim::request_stop(run_dir.get(), signal, timeout);
    if (!connection) {
        // It ended between our look and our word: that is what was wanted.
        if (connection.error().kind == ErrorKind::NotFound) return {};
        return std::move(connection).error().context("stop container '" + row.name + "'");
    }
    return await_exit(*connection);
}

Result<void> kill_container(Engine& engine, const std::string& name, int signal) {
    Context& context = engine.context();
    const auto row = TRY(find_container(context, name));
    const auto state = TRY(read_container_state(context, row.id));
    if (!state.alive() || state.pid() == 0) return not_running(row, "kill");
    const auto run_dir = TRY(open_run_dir(context, row.id));
    auto sent = shim::send_signal(run_dir.get(), signal);
    if (!sent && sent.error().kind == ErrorKind::NotFound) return not_running(row, "kill");
    return sent;
}

Result<shim::ExitRecord> wait_container(Engine& engine, const std::string& name) {
    Context& context = engine.context();
    const auto row = TRY(find_container(context, name));
    const auto state_dir = TRY(open_state_dir(context, row.id));
    if (const auto run_dir = open_run_dir(context, row.id)) {
        auto connection = shim::open_wait(run_dir->get());
        if (connection) {
            auto packet = connection->receive();
            if (packet && *packet && (*packet)->type == shim::PacketType::Exited) {
                return shim::decode_exit((*packet)->payload);
            }
        }
    }
    auto record = TRY(shim::read_exit(state_dir.get()));
    if (record) return *record;
    const auto state = TRY(read_container_state(context, row.id));
    if (state.status == ContainerStatus::Created)
        return shim::ExitRecord{.status = {.kind = WaitStatus::Kind::Exited, .value = 0}};
    return shim::ExitRecord{};  // unknown, and said so
}

Result<void> restart_container(Engine& engine, const StopRequest& request) {
    TRY(stop_container(engine, request));
    TRY(start_container(engine, request.container, StartMode::Detached));
    return {};
}

}  // namespace dhow::engine
