// SPDX-License-Identifier: Apache-2.0
// Exec sessions: create, start, inspect, resize.
#include "base/text.h"
#include "cmd/api/call.h"
#include "cmd/api/exec_store.h"
#include "cmd/api/relay.h"
#include "cmd/api/routes.h"
#include "cmd/api/status.h"
#include "engine/exec_streams.h"

#include <sys/ioctl.h>

namespace dhow::api::handlers {

namespace {

Result<engine::ExecRequest> read_request(const json::Object& body) {
    engine::ExecRequest request;
    request.command = TRY(json::get_strings(body, "Cmd"));
    request.env = TRY(json::get_strings(body, "Env"));
    request.user = TRY(json::get_string(body, "User")).value_or("");
    request.working_dir = TRY(json::get_string(body, "WorkingDir")).value_or("");
    request.terminal = TRY(json::get_bool(body, "Tty")).value_or(false);
    request.interactive = TRY(json::get_bool(body, "AttachStdin")).value_or(false);
    request.privileged = TRY(json::get_bool(body, "Privileged")).value_or(false);
    if (!request.command.empty()) return request;
    return make_error(ErrorKind::InvalidArgument, "No exec command specified");
}

Result<void> create(Call& call) {
    const auto body = TRY(read_json_body(call));
    auto request = TRY(read_request(body));
    const auto details = TRY(engine::inspect_container(call.engine, call.param("id")));
    if (details.summary.status != engine::ContainerStatus::Running) {
        return make_error(ErrorKind::Conflict,
                          "container " + details.summary.id + " is not running");
    }
    request.container = details.summary.id;
    auto sessions = TRY(ExecStore::open(call.engine.run_root()));
    const auto id = TRY(sessions.add(request));
    reply_json(call, json::Object{{"Id", id}}, 201);
    return {};
}

// ConsoleSize is [height, width].
void set_first_size(const json::Object& body, int terminal) {
    const auto size = json::get_array(body, "ConsoleSize");
    if (!size || *size == nullptr || (*size)->size() != 2) return;
    winsize window{};
    window.ws_row = (*size)->at(0).is_int64()
                        ? static_cast<unsigned short>((*size)->at(0).get_int64())
                        : uint16_t{0};
    window.ws_col = (*size)->at(1).is_int64()
                        ? static_cast<unsigned short>((*size)->at(1).get_int64())
                        : uint16_t{0};
    if (window.ws_row != 0 && window.ws_col != 0) ::ioctl(terminal, TIOCSWINSZ, &window);
}

// A command that could not be run has exit codes of its own (as `docker exec` shows them).
int code_of(const Error& error) {
    if (error.kind == ErrorKind::CommandNotFound) return 127;
    return error.kind == ErrorKind::CannotInvoke ? 126 : 255;
}

Status run_session(Call& call,
                   const json::Object& body,
                   const ExecStore& sessions,
                   ExecSession& session) {
    const bool terminal = session.request.terminal;
    ClientStream client(
        TRY(hijack(call, terminal)), !terminal, session.request.interactive || terminal);
    session.running = true;
    TRY(sessions.save(session));
    const auto control = TRY(sessions.listen_for_sizes(session.id));
    auto streams = engine::exec_with_streams(call.engine, session.request);
    Result<int> code = 0;
    if (streams) {
        session.pid = streams->runtime.pid();
        if (streams->terminal) set_first_size(body, streams->terminal.get());
        ignore(relay_exec(client, *streams, control.get()), "the process's end is what counts");
        code = engine::wait_exec(*streams);
    } else {
        code = streams.error();
    }
    if (!code) {
        client.put_output(StreamId::Stderr,
                          "OCI runtime exec failed: " + error_text(code.error()) + "\r\n");
        client.finish();
    }
    sessions.stop_listening(session.id);
    session.running = false;
    session.exit_code = code ? *code : code_of(code.error());
    return sessions.save(session);
}

Result<void> start(Call& call) {
    const auto body = TRY(read_json_body(call));
    const auto sessions = TRY(ExecStore::open(call.engine.run_root()));
    auto session = TRY(sessions.find(call.param("id")));
    if (session.running || session.exit_code) {
        return make_error(ErrorKind::Conflict, "exec session " + session.id + " has run already");
    }
    session.request.terminal = TRY(json::get_bool(body, "Tty")).value_or(session.request.terminal);
    if (!TRY(json::get_bool(body, "Detach")).value_or(false)) {
        return run_session(call, body, sessions, session);
    }
    session.pid = TRY(engine::exec_detached(call.engine, session.request));
    session.running = true;
    TRY(sessions.save(session));
    reply_nothing(call, 200);
    return {};
}

Result<void> inspect(Call& call) {
    const auto sessions = TRY(ExecStore::open(call.engine.run_root()));
    const auto session = TRY(sessions.find(call.param("id")));
    const engine::ExecRequest& request = session.request;
    json::Array arguments;
    for (size_t i = 1; i < request.command.size(); ++i) arguments.emplace_back(request.command[i]);
    json::Object document{{"ID", session.id},
                          {"ContainerID", request.container},
                          {"Running", session.running},
                          {"Pid", session.pid},
                          {"ExitCode", nullptr},
                          {"OpenStdin", request.interactive},
                          {"OpenStdout", true},
                          {"OpenStderr", true},
                          {"CanRemove", false},
                          {"DetachKeys", ""},
                          {"ProcessConfig",
                           {{"tty", request.terminal},
                            {"entrypoint", request.command.front()},
                            {"arguments", arguments},
                            {"privileged", request.privileged}}}};
    if (session.exit_code) document["ExitCode"] = *session.exit_code;
    reply_json(call, document);
    return {};
}

Result<void> resize(Call& call) {
    const auto rows = TRY(call.query.number("h"));
    const auto columns = TRY(call.query.number("w"));
    if (!rows || !columns || *rows < 0 || *columns < 0) {
        return make_error(ErrorKind::InvalidArgument, "resize needs 'h' and 'w'");
    }
    const auto sessions = TRY(ExecStore::open(call.engine.run_root()));
    const auto session = TRY(sessions.find(call.param("id")));
    TRY(sessions.send_size(
        session.id, static_cast<unsigned>(*rows), static_cast<unsigned>(*columns)));
    reply_nothing(call, 200);
    return {};
}

}  // namespace

void exec_create(Call& call) {
    answer_errors(call, create(call));
}

void exec_start(Call& call) {
    answer_errors(call, start(call));
}

void exec_inspect(Call& call) {
    answer_errors(call, inspect(call));
}

void exec_resize(Call& call) {
    answer_errors(call, resize(call));
}

}  // namespace dhow::api::handlers
