// SPDX-License-Identifier: Apache-2.0
// start, stop, restart, kill, resize.
#include "base/text.h"
#include "cmd/api/call.h"
#include "cmd/api/routes.h"
#include "engine/signals.h"

#include <csignal>

namespace dhow::api::handlers {

namespace {

constexpr int kNotModified = 304;

Result<bool> runs(Call& call) {
    const auto details = TRY(engine::inspect_container(call.engine, call.param("id")));
    return details.summary.status == engine::ContainerStatus::Running ||
           details.summary.status == engine::ContainerStatus::Restarting;
}

Result<engine::StopRequest> stop_request(Call& call) {
    engine::StopRequest request;
    request.container = call.param("id");
    if (const auto seconds = TRY(call.query.number("t"))) {
        request.timeout_seconds = static_cast<int>(*seconds);
    }
    return request;
}

Result<void> start(Call& call) {
    if (TRY(runs(call))) {
        reply_nothing(call, kNotModified);
        return {};
    }
    TRY(engine::start_container(call.engine, call.param("id"), engine::StartMode::Detached));
    reply_nothing(call);
    return {};
}

Result<void> stop(Call& call) {
    if (!TRY(runs(call))) {
        reply_nothing(call, kNotModified);
        return {};
    }
    const auto request = TRY(stop_request(call));
    TRY(engine::stop_container(call.engine, request));
    reply_nothing(call);
    return {};
}

Result<void> restart(Call& call) {
    const auto request = TRY(stop_request(call));
    TRY(engine::restart_container(call.engine, request));
    reply_nothing(call);
    return {};
}

Result<void> send_signal(Call& call) {
    const std::string name = call.query.get("signal");
    const int signal = name.empty() ? SIGKILL : TRY(engine::parse_signal(name));
    TRY(engine::kill_container(call.engine, call.param("id"), signal));
    reply_nothing(call);
    return {};
}

Result<void> resize(Call& call) {
    const auto rows = TRY(call.query.number("h"));
    const auto columns = TRY(call.query.number("w"));
    if (!rows || !columns || *rows < 0 || *columns < 0) {
        return make_error(ErrorKind::InvalidArgument, "resize needs 'h' and 'w'");
    }
    TRY(engine::resize_container(call.engine,
                                 call.param("id"),
                                 static_cast<unsigned>(*rows),
                                 static_cast<unsigned>(*columns)));
    reply_nothing(call, 200);
    return {};
}

}  // namespace

void container_start(Call& call) {
    answer_errors(call, start(call));
}

void container_stop(Call& call) {
    answer_errors(call, stop(call));
}

void container_restart(Call& call) {
    answer_errors(call, restart(call));
}

void container_kill(Call& call) {
    answer_errors(call, send_signal(call));
}

void container_resize(Call& call) {
    answer_errors(call, resize(call));
}

}  // namespace dhow::api::handlers
