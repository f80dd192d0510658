// SPDX-License-Identifier: Apache-2.0
#include "shim/protocol.h"

#include "shim/fields.h"

#include <limits>

namespace dhow::shim {

namespace {

constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
constexpr int64_t kMaxInt = std::numeric_limits<int>::max();

void put_sidecars(FieldWriter& writer, const std::vector<Sidecar>& sidecars) {
    for (const Sidecar& sidecar : sidecars) {
        writer.put_number("sidecar", sidecar.daemonizes ? 1 : 0);
        writer.put("sidecar_pid_file", sidecar.pid_file);
        writer.put_list("sidecar_arg", sidecar.argv);
    }
}

Result<std::vector<Sidecar>> read_sidecars(const FieldReader& reader) {
    std::vector<Sidecar> sidecars;
    for (const auto& [key, value] : reader.all()) {
        if (key == "sidecar") sidecars.push_back(Sidecar{.daemonizes = value == "1"});
        if (!key.starts_with("sidecar_")) continue;
        if (sidecars.empty()) return reader.corrupt(key);
        if (key == "sidecar_pid_file") sidecars.back().pid_file = value;
        if (key == "sidecar_arg") sidecars.back().argv.push_back(value);
    }
    for (const Sidecar& sidecar : sidecars) {
        if (sidecar.argv.empty()) return reader.corrupt("sidecar_arg");
    }
    return sidecars;
}

Status read_paths(const FieldReader& reader, ShimConfig& config) {
    config.id = TRY(reader.text("id"));
    config.runtime = TRY(reader.text("runtime"));
    config.runtime_args = reader.list("runtime_arg");
    config.bundle = TRY(reader.text("bundle"));
    config.run_dir = TRY(reader.text("run_dir"));
    config.state_dir = TRY(reader.text("state_dir"));
    config.rootfs = TRY(reader.text("rootfs"));
    config.log_path = TRY(reader.text("log_path"));
    return {};
}

Status read_flags(const FieldReader& reader, ShimConfig& config) {
    config.terminal = TRY(reader.flag("terminal"));
    config.open_stdin = TRY(reader.flag("open_stdin"));
    config.stdin_once = TRY(reader.flag("stdin_once"));
    constexpr int64_t kMaxSide = std::numeric_limits<uint16_t>::max();
    config.terminal_rows = static_cast<unsigned>(TRY(reader.number("terminal_rows", 0, kMaxSide)));
    config.terminal_columns =
        static_cast<unsigned>(TRY(reader.number("terminal_columns", 0, kMaxSide)));
    config.foreground = TRY(reader.flag("foreground"));
    config.durable_exit = TRY(reader.flag("durable_exit"));
    return {};
}

void put_identity(FieldWriter& writer, std::string_view prefix, const ProcessIdentity& process) {
    const std::string name(prefix);
    writer.put_number(name + "_pid", process.pid);
    writer.put_number(name + "_start", static_cast<int64_t>(process.start_time));
    writer.put(name + "_boot", process.boot_id);
}

Result<ProcessIdentity> read_identity(const FieldReader& reader, std::string_view prefix) {
    const std::string name(prefix);
    ProcessIdentity process;
    process.pid = static_cast<pid_t>(TRY(reader.number(name + "_pid", 0, kMaxInt)));
    process.start_time = static_cast<uint64_t>(TRY(reader.number(name + "_start", 0, kAny)));
    process.boot_id = TRY(reader.text(name + "_boot"));
    return process;
}

void put_wait_status(FieldWriter& writer, const WaitStatus& status) {
    writer.put_number("end", static_cast<int64_t>(status.kind));
    writer.put_number("end_value", status.value);
}

Result<WaitStatus> read_wait_status(const FieldReader& reader) {
    const auto highest = static_cast<int64_t>(WaitStatus::Kind::Unknown);
    WaitStatus status;
    status.kind = static_cast<WaitStatus::Kind>(TRY(reader.number("end", 0, highest)));
    status.value = static_cast<int>(TRY(reader.number("end_value", 0, kMaxInt)));
    return status;
}

}  // namespace

std::string encode_config(const ShimConfig& config) {
    FieldWriter writer;
    writer.put("id", config.id);
    writer.put("runtime", config.runtime);
    writer.put_list("runtime_arg", config.runtime_args);
    writer.put("bundle", config.bundle);
    writer.put("run_dir", config.run_dir);
    writer.put("state_dir", config.state_dir);
    writer.put("rootfs", config.rootfs);
    writer.put("log_path", config.log_path);
    writer.put_number("log_max_bytes", static_cast<int64_t>(config.log_max_bytes));
    writer.put_number("terminal", config.terminal ? 1 : 0);
    writer.put_number("open_stdin", config.open_stdin ? 1 : 0);
    writer.put_number("stdin_once", config.stdin_once ? 1 : 0);
    writer.put_number("terminal_rows", config.terminal_rows);
    writer.put_number("terminal_columns", config.terminal_columns);
    writer.put_number("foreground", config.foreground ? 1 : 0);
    writer.put_number("durable_exit", config.durable_exit ? 1 : 0);
    writer.put_number("restart", static_cast<int64_t>(config.restart));
    writer.put_number("restart_max_retries", config.restart_max_retries);
    writer.put_number("stop_signal", config.stop_signal);
    writer.put_number("stop_timeout", config.stop_timeout_seconds);
    if (config.oom_score_adjust) writer.put_number("oom_score_adjust", *config.oom_score_adjust);
    writer.put_number("initial_clients", config.initial_clients);
    put_sidecars(writer, config.sidecars);
    writer.put_list("exit_arg", config.exit_command);
    writer.put_list("env", config.keep_env);
    return writer.take();
}

Result<ShimConfig> decode_config(std::string_view bytes) {
    const auto reader = TRY(FieldReader::parse(bytes, "shim config"));
    ShimConfig config;
    TRY(read_paths(reader, config));
    TRY(read_flags(reader, config));
    config.log_max_bytes = static_cast<uint64_t>(TRY(reader.number("log_max_bytes", 0, kAny)));
    const auto last_policy = static_cast<int64_t>(RestartKind::UnlessStopped);
    config.restart = static_cast<RestartKind>(TRY(reader.number("restart", 0, last_policy)));
    config.restart_max_retries =
        static_cast<int>(TRY(reader.number("restart_max_retries", 0, kMaxInt)));
    config.stop_signal = static_cast<int>(TRY(reader.number("stop_signal", 1, NSIG - 1)));
    config.stop_timeout_seconds = static_cast<int>(TRY(reader.number("stop_timeout", -1, kMaxInt)));
    if (!reader.list("oom_score_adjust").empty()) {
        config.oom_score_adjust =
            static_cast<int>(TRY(reader.number("oom_score_adjust", -1000, 1000)));
    }
    config.initial_clients = static_cast<int>(TRY(reader.number("initial_clients", 0, 64)));
    config.sidecars = TRY(read_sidecars(reader));
    config.exit_command = reader.list("exit_arg");
    config.keep_env = reader.list("env");
    return config;
}

bool ExitRecord::operator==(const ExitRecord& other) const {
    return encode_exit(*this) == encode_exit(other);
}

std::string encode_exit(const ExitRecord& record) {
    FieldWriter writer;
    put_wait_status(writer, record.status);
    writer.put_number("oom_killed", record.oom_killed ? 1 : 0);
    writer.put_number("started_at", record.started_at);
    writer.put_number("finished_at", record.finished_at);
    writer.put_number("restart_count", record.restart_count);
    writer.put("error", record.error);
    return writer.take();
}

Result<ExitRecord> decode_exit(std::string_view bytes) {
    const auto reader = TRY(FieldReader::parse(bytes, "exit record"));
    ExitRecord record;
    record.status = TRY(read_wait_status(reader));
    record.oom_killed = TRY(reader.flag("oom_killed"));
    record.started_at = TRY(reader.number("started_at", 0, kAny));
    record.finished_at = TRY(reader.number("finished_at", 0, kAny));
    record.restart_count = static_cast<int>(TRY(reader.number("restart_count", 0, kMaxInt)));
    record.error = TRY(reader.text("error"));
    return record;
}

std::string encode_status(const ShimStatus& status) {
    FieldWriter writer;
    writer.put_number("phase", static_cast<int64_t>(status.phase));
    put_identity(writer, "shim", status.shim);
    put_identity(writer, "container", status.container);
    writer.put_number("started_at", status.started_at);
    writer.put_number("restart_count", status.restart_count);
    if (status.last_exit) put_wait_status(writer, *status.last_exit);
    return writer.take();
}

Result<ShimStatus> decode_status(std::string_view bytes) {
    const auto reader = TRY(FieldReader::parse(bytes, "shim status"));
    ShimStatus status;
    const auto last_phase = static_cast<int64_t>(Phase::Exited);
    status.phase = static_cast<Phase>(TRY(reader.number("phase", 0, last_phase)));
    status.shim = TRY(read_identity(reader, "shim"));
    status.container = TRY(read_identity(reader, "container"));
    status.started_at = TRY(reader.number("started_at", 0, kAny));
    status.restart_count = static_cast<int>(TRY(reader.number("restart_count", 0, kMaxInt)));
    if (!reader.list("end").empty()) status.last_exit = TRY(read_wait_status(reader));
    return status;
}

}  // namespace dhow::shim
