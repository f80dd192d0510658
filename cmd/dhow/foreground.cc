// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/foreground.h"

#include "base/text.h"
#include "cmd/dhow/detach_keys.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/signals.h"

#include <unistd.h>

namespace dhow::cli {

namespace {

AttachOptions session_options(engine::Engine& engine,
                              const std::string& name,
                              const Foreground& options) {
    AttachOptions session;
    session.in = options.with_input ? STDIN_FILENO : -1;
    session.raw = options.with_input && options.terminal && ::isatty(STDIN_FILENO) == 1;
    session.detach_sequence = options.detach_sequence;
    session.proxy_signals = options.proxy_signals;
    session.forward_signal = [&engine, name](int signal) {
        ignore(engine::kill_container(engine, name, signal), "it may have ended just now");
    };
    return session;
}

Result<int> code_of(const shim::ExitRecord& record, const std::string& name) {
    if (!record.error.empty())
        print_warning("container '" + printable(name) + "': " + printable(record.error));
    if (record.status.kind == WaitStatus::Kind::Unknown) {
        return make_error(
            ErrorKind::Unavailable,
            "learn how container '" + printable(name) + "' ended: its supervisor is gone");
    }
    return record.status.exit_code();
}

// The shim went away without a word: the engine knows whether it left a record.
Result<int> after_loss(engine::Engine& engine, const std::string& name) {
    const shim::ExitRecord record = TRY(engine::wait_container(engine, name));
    return code_of(record, name);
}

}  // namespace

Result<Foreground> foreground_options(const Args& args) {
    Foreground options;
    options.proxy_signals = args.flag("sig-proxy", true);
    const std::string keys =
        args.given("detach-keys") ? args.text("detach-keys") : std::string(kDefaultDetachKeys);
    options.detach_sequence = TRY(parse_detach_keys(keys));
    return options;
}

Result<int> serve_started(engine::Engine& engine,
                          engine::StartedContainer started,
                          const Foreground& options) {
    if (!started.connection) {
        return make_error(ErrorKind::Internal, "no connection to container '" + started.id + "'");
    }
    const AttachOutcome outcome =
        TRY(attach_loop(*started.connection, session_options(engine, started.id, options)));
    switch (outcome.kind) {
        case AttachOutcome::Kind::Detached:
            return 0;
        case AttachOutcome::Kind::Killed:
            die_of(outcome.signal);
            break;
        case AttachOutcome::Kind::Lost:
            return after_loss(engine, started.id);
        case AttachOutcome::Kind::Exited:
            break;
    }
    // The container's own code is what the caller waits for, unless it would hide this failure.
    const Status finished = engine::finish_foreground(engine, started);
    if (!finished && outcome.record->status.success()) return finished.error();
    if (!finished) print_error(finished.error());
    return code_of(*outcome.record, started.id);
}

Result<int> serve_running(engine::Engine& engine, const std::string& name, Foreground options) {
    const engine::ContainerDetails details = TRY(engine::inspect_container(engine, name));
    options.terminal = details.config.terminal;
    options.with_input = options.with_input && details.config.interactive;
    const std::string& id = details.summary.id;
    shim::Connection connection = TRY(engine::attach_container(engine, id, options.with_input));
    AttachOptions session = session_options(engine, id, options);
    session.redraw = true;
    const AttachOutcome outcome = TRY(attach_loop(connection, session));
    switch (outcome.kind) {
        case AttachOutcome::Kind::Detached:
            return 0;
        case AttachOutcome::Kind::Killed:
            die_of(outcome.signal);
            break;
        case AttachOutcome::Kind::Lost:
            return after_loss(engine, id);
        case AttachOutcome::Kind::Exited:
            return code_of(*outcome.record, id);
    }
    return 128 + outcome.signal;
}

}  // namespace dhow::cli
