// SPDX-License-Identifier: Apache-2.0
// POST /containers/{id}/wait. The docker client asks before it starts the container, and needs the
// head of the answer at once: so the waiter is there, like an attached client, before the shim is.
#include "cmd/api/call.h"
#include "cmd/api/routes.h"
#include "engine/pending_attach.h"

#include <array>

#include <poll.h>
#include <unistd.h>

namespace dhow::api::handlers {

namespace {

Result<bool> exists(Call& call, const std::string& id) {
    const auto details = engine::inspect_container(call.engine, id);
    if (details) return true;
    if (details.error().kind == ErrorKind::NotFound) return false;
    return details.error();
}

// False: the client left first.
Result<bool> wait_readable(int fd, int client) {
    std::array<pollfd, 2> polled = {
        {{.fd = fd, .events = POLLIN, .revents = 0}, {.fd = client, .events = 0, .revents = 0}}};
    if (::poll(polled.data(), polled.size(), -1) < 0) return system_error("wait for a container");
    return polled[0].revents != 0;
}

Result<shim::ExitRecord> await_next_exit(Call& call, engine::PendingAttach& pending) {
    if (!TRY(wait_readable(pending.fd(), call.http.fd()))) {
        return make_error(ErrorKind::Unavailable, "the client left");
    }
    auto connection = TRY(pending.accept(0));
    while (TRY(wait_readable(connection.fd(), call.http.fd()))) {
        const auto packet = TRY(connection.receive());
        if (!packet) return shim::ExitRecord{};
        if (packet->type == shim::PacketType::Exited) return shim::decode_exit(packet->payload);
    }
    return make_error(ErrorKind::Unavailable, "the client left");
}

bool is_up(engine::ContainerStatus status) {
    return status == engine::ContainerStatus::Running ||
           status == engine::ContainerStatus::Restarting ||
           status == engine::ContainerStatus::Paused;
}

Result<shim::ExitRecord> await_end(Call& call,
                                   engine::PendingAttach& pending,
                                   const std::string& id,
                                   bool next) {
    const auto details = TRY(engine::inspect_container(call.engine, id));
    if (is_up(details.summary.status)) return engine::wait_container(call.engine, id);
    const bool never_ran = details.summary.status == engine::ContainerStatus::Created;
    if (next || never_ran) return await_next_exit(call, pending);
    return engine::wait_container(call.engine, id);
}

Result<void> await_removal(Call& call, const std::string& id) {
    constexpr useconds_t kPause = 5000;
    constexpr int kAttempts = 2000;
    for (int attempt = 0; attempt < kAttempts && TRY(exists(call, id)); ++attempt) {
        ::usleep(kPause);
    }
    return {};
}

json::Object outcome(const Result<shim::ExitRecord>& record) {
    if (!record) {
        return {{"StatusCode", 125}, {"Error", {{"Message", record.error().message}}}};
    }
    json::Object object{{"StatusCode", record->status.exit_code()}};
    if (!record->error.empty()) object["Error"] = json::Object{{"Message", record->error}};
    return object;
}

Result<void> stream_outcome(Call& call) {
    const std::string condition = call.query.get("condition");
    if (!condition.empty() && condition != "not-running" && condition != "next-exit" &&
        condition != "removed") {
        return make_error(ErrorKind::InvalidArgument, "invalid condition '" + condition + "'");
    }
    const auto details = TRY(engine::inspect_container(call.engine, call.param("id")));
    const std::string id = details.summary.id;
    const bool next = condition == "next-exit" || condition == "removed";
    // Announced first, looked at second: a start in between reaches one of the two. And announced
    // before the head is out, for that is what the client waits for to make its start.
    auto pending = TRY(engine::PendingAttach::announce(call.engine, id));
    TRY(call.http.begin_stream(200, {{"Content-Type", "application/json"}}));
    const auto record = await_end(call, pending, id, next);
    if (condition == "removed") ignore(await_removal(call, id), "the code is known already");
    TRY(call.http.write_stream(json::compact(outcome(record)) + "\n"));
    return call.http.end_stream();
}

}  // namespace

void container_wait(Call& call) {
    answer_errors(call, stream_outcome(call));
}

}  // namespace dhow::api::handlers
