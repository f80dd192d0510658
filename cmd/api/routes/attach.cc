// SPDX-License-Identifier: Apache-2.0
// POST /containers/{id}/attach: now, or from the first byte of a start that is still to come.
#include "cmd/api/call.h"
#include "cmd/api/relay.h"
#include "cmd/api/routes.h"
#include "engine/pending_attach.h"

#include <array>
#include <optional>

#include <poll.h>

namespace dhow::api::handlers {

namespace {

struct Wanted {
    uint8_t flags = 0;  // shim::AttachFlags

    [[nodiscard]] bool input() const { return (flags & shim::kAttachStdin) != 0; }
};

Wanted wanted_streams(const Query& query, bool container_has_input) {
    Wanted wanted;
    if (!query.flag("stream")) return wanted;
    if (query.flag("stdin") && container_has_input) wanted.flags |= shim::kAttachStdin;
    if (query.flag("stdout")) wanted.flags |= shim::kAttachStdout;
    if (query.flag("stderr")) wanted.flags |= shim::kAttachStderr;
    return wanted;
}

bool is_up(engine::ContainerStatus status) {
    return status == engine::ContainerStatus::Running ||
           status == engine::ContainerStatus::Restarting;
}

// nullopt: the client left before the start.
Result<std::optional<shim::Connection>> await_start(engine::PendingAttach& pending,
                                                    int client,
                                                    uint8_t flags) {
    std::array<pollfd, 2> polled = {{{.fd = pending.fd(), .events = POLLIN, .revents = 0},
                                     {.fd = client, .events = 0, .revents = 0}}};
    if (::poll(polled.data(), polled.size(), -1) < 0) return system_error("wait for a start");
    if (polled[0].revents == 0) return std::optional<shim::Connection>();
    return std::optional(TRY(pending.accept(flags)));
}

Result<void> attach(Call& call) {
    const auto details = TRY(engine::inspect_container(call.engine, call.param("id")));
    const std::string& id = details.summary.id;
    const bool terminal = details.config.terminal;
    const Wanted wanted = wanted_streams(call.query, details.config.interactive);
    // Announced first, looked at second: a start in between reaches one of the two.
    auto pending = TRY(engine::PendingAttach::announce(call.engine, id));
    const auto now = TRY(engine::inspect_container(call.engine, id));
    std::optional<shim::Connection> connection;
    if (is_up(now.summary.status)) {
        connection = TRY(engine::attach_container(call.engine, id, wanted.input()));
    }
    auto hijacked = TRY(hijack(call, terminal));
    if (!connection) {
        connection = TRY(await_start(pending, hijacked.socket.get(), wanted.flags));
    }
    if (!connection) return {};
    ClientStream client(std::move(hijacked), !terminal, wanted.input());
    return relay_container(client, *connection, wanted.input());
}

}  // namespace

void container_attach(Call& call) {
    answer_errors(call, attach(call));
}

}  // namespace dhow::api::handlers
