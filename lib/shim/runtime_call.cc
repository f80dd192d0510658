// SPDX-License-Identifier: Apache-2.0
#include "shim/runtime_call.h"

#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"

#include <chrono>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dhow::shim {

namespace {

constexpr const char* kPidFile = "pid";
constexpr const char* kLogFile = "runtime.log";
constexpr const char* kConsoleSocket = "console.sock";
constexpr size_t kLogLimit = 1U << 20U;

// The value of the last "msg" member in lines of JSON: all that is needed of them, and no JSON
// library.
std::string last_message(std::string_view log) {
    constexpr std::string_view kKey = "\"msg\":";
    const size_t at = log.rfind(kKey);
    if (at == std::string_view::npos) return {};
    std::string_view rest = log.substr(at + kKey.size());
    const size_t quote = rest.find('"');
    if (quote == std::string_view::npos) return {};
    std::string message;
    for (size_t i = quote + 1; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] == '\\' && i + 1 < rest.size()) {
            ++i;
            message += rest[i] == 'n' || rest[i] == 't' ? ' ' : rest[i];
        } else {
            message += rest[i];
        }
    }
    return message;
}

bool mentions(std::string_view text, std::string_view words) {
    return text.find(words) != std::string_view::npos;
}

// Three runtimes, three wordings, for the two causes that have exit codes of their own.
ErrorKind classify(std::string_view message) {
    const bool about_command = mentions(message, "exec") || mentions(message, "executable");
    if (!about_command) return ErrorKind::System;
    if (mentions(message, "executable file not found") ||
        mentions(message, "no such file or directory") ||
        mentions(message, "No such file or directory") || mentions(message, "executable file `")) {
        return mentions(message, "ermission denied") ? ErrorKind::CannotInvoke
                                                     : ErrorKind::CommandNotFound;
    }
    if (mentions(message, "ermission denied") || mentions(message, "xec format error") ||
        mentions(message, "is a directory")) {
        return ErrorKind::CannotInvoke;
    }
    return ErrorKind::System;
}

SpawnOptions runtime_call(const ShimConfig& config) {
    SpawnOptions options;
    options.program = config.runtime;
    options.argv = {config.runtime};
    options.argv.insert(options.argv.end(), config.runtime_args.begin(), config.runtime_args.end());
    options.env = config.keep_env;
    // Relative names below are resolved in the run folder, which is the bundle too: so no path to
    // the console socket is ever too long for sun_path.
    options.working_dir = config.run_dir;
    return options;
}

SpawnOptions run_call(const ShimConfig& config, const Stdio& stdio) {
    SpawnOptions options = runtime_call(config);
    options.argv.insert(options.argv.end(),
                        {"--log",
                         config.run_dir + "/" + kLogFile,
                         "--log-format",
                         "json",
                         "run",
                         "--detach",
                         "--bundle",
                         config.bundle,
                         "--pid-file",
                         config.run_dir + "/" + kPidFile});
    if (config.terminal) {
        options.argv.insert(options.argv.end(), {"--console-socket", kConsoleSocket});
    }
    options.argv.push_back(config.id);
    options.fds = {
        {stdio.child_input.get(), 0}, {stdio.child_output.get(), 1}, {stdio.child_errors.get(), 2}};
    return options;
}

// The runtime has exited with success, so the descriptor is on its way already.
Result<UniqueFd> receive_terminal(int listener) {
    const auto peer = TRY(accept_unix(listener));
    auto message = TRY(receive_message(peer.get(), 4096));
    if (message.fds.empty()) {
        return make_error(ErrorKind::Internal, "the runtime sent no terminal");
    }
    return std::move(message.fds.front());
}

Error read_failure(int run_dir, const Stdio& stdio) {
    std::string log;
    if (auto text = read_file_at(run_dir, kLogFile, kLogLimit)) log = text.take();
    std::string printed(4096, '\0');
    const ssize_t got =
        stdio.errors ? ::read(stdio.errors.get(), printed.data(), printed.size()) : 0;
    printed.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return runtime_error(log, printed);
}

Result<pid_t> read_pid(int run_dir) {
    const auto text = TRY(read_file_at(run_dir, kPidFile, 64));
    const auto pid = parse_int<pid_t>(trim(text));
    if (!pid || *pid <= 1) {
        return make_error(ErrorKind::Internal, "the runtime wrote no pid: '" + text + "'");
    }
    return *pid;
}

}  // namespace

Error runtime_error(std::string_view log, std::string_view printed) {
    std::string message = last_message(log);
    if (message.empty()) message = std::string(trim(printed));
    if (message.empty()) message = "the OCI runtime failed without a word";
    return make_error(classify(message), printable(message));
}

Result<pid_t> run_container(const ShimConfig& config, int run_dir, Stdio& stdio) {
    UniqueFd listener;
    if (config.terminal) {
        listener = TRY(listen_unix_at(run_dir, kConsoleSocket, SocketType::Stream));
    }
    TRY(remove_file_at(run_dir, kLogFile));
    auto child = TRY(spawn(run_call(config, stdio)));
    stdio.child_input.reset();
    stdio.child_output.reset();
    stdio.child_errors.reset();
    const auto status = TRY(child.wait());
    if (!status.success()) return read_failure(run_dir, stdio);
    const pid_t pid = TRY(read_pid(run_dir));
    if (config.terminal) {
        stdio.terminal = TRY(receive_terminal(listener.get()));
        TRY(set_non_blocking(stdio.terminal.get()));
        TRY(remove_file_at(run_dir, kConsoleSocket));
    }
    return pid;
}

Status delete_container(const ShimConfig& config) {
    SpawnOptions options = runtime_call(config);
    options.argv.insert(options.argv.end(), {"delete", "--force", config.id});
    const auto null = TRY(open_at(AT_FDCWD, "/dev/null", O_RDWR));
    options.fds = {{null.get(), 0}, {null.get(), 1}, {null.get(), 2}};
    auto child = TRY(spawn(options));
    TRY(child.wait());
    return {};
}

}  // namespace dhow::shim
