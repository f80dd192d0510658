// SPDX-License-Identifier: Apache-2.0
#include "shim/runtime_call.h"

#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "shim/runtime_error.h"

#include <array>
#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace dhow::shim {

namespace {

constexpr const char* kPidFile = "pid";
constexpr const char* kLogFile = "runtime.log";
constexpr const char* kConsoleSocket = "console.sock";
constexpr size_t kLogLimit = 1U << 20U;

SpawnOptions runtime_call(const ShimConfig& config) {
    SpawnOptions options;
    options.program = config.runtime;
    options.argv = {config.runtime};
    options.argv.insert(options.argv.end(), config.runtime_args.begin(), config.runtime_args.end());
    options.env = config.keep_env;
    // Relative names below are resolved in the run folder: so no path to the console socket is ever
    // too long for sun_path.
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

// False: the launcher went first.
Result<bool> wait_beside(const Child& child, int launcher) {
    while (true) {
        std::array<pollfd, 2> polled = {{{.fd = child.pidfd(), .events = POLLIN, .revents = 0},
                                         {.fd = launcher, .events = 0, .revents = 0}}};
        if (::poll(polled.data(), polled.size(), -1) < 0) {
            if (errno == EINTR) continue;
            return system_error("wait for the OCI runtime");
        }
        if ((polled[1].revents & (POLLHUP | POLLERR)) != 0) return false;
        if (polled[0].revents != 0) return true;
    }
}

// The runtime has exited with success, so the descriptor is on its way already: a runtime that sent
// none is an error, not a wait.
Result<UniqueFd> receive_terminal(int listener) {
    constexpr int kPatienceMs = 1000;
    pollfd polled{.fd = listener, .events = POLLIN, .revents = 0};
    const auto silent = [] {
        return make_error(ErrorKind::Internal, "the OCI runtime sent no terminal");
    };
    if (::poll(&polled, 1, kPatienceMs) <= 0) return silent();
    const auto peer = TRY(accept_unix(listener));
    polled = {.fd = peer.get(), .events = POLLIN, .revents = 0};
    if (::poll(&polled, 1, kPatienceMs) <= 0) return silent();
    auto message = TRY(receive_message(peer.get(), 4096));
    if (message.fds.empty()) return silent();
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
        return make_error(ErrorKind::Internal, "the OCI runtime wrote no pid: '" + text + "'");
    }
    return *pid;
}

}  // namespace

Result<pid_t> run_container(const ShimConfig& config, int run_dir, Stdio& stdio, int launcher) {
    UniqueFd listener;
    if (config.terminal) {
        listener = TRY(listen_unix_at(run_dir, kConsoleSocket, SocketType::Stream));
    }
    TRY(remove_file_at(run_dir, kLogFile));
    auto child = TRY(spawn(run_call(config, stdio)));
    stdio.child_input.reset();
    stdio.child_output.reset();
    stdio.child_errors.reset();
    if (!TRY(wait_beside(child, launcher))) {
        // A runtime cut off halfway would leave cgroups that its own `delete` knows nothing of.
        constexpr std::chrono::seconds kToFinish(5);
        ignore(wait_for_end(child.pidfd(), kToFinish), "it is killed with the rest");
        return make_error(ErrorKind::Unavailable, "the launching command is gone");
    }
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
