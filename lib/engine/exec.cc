// SPDX-License-Identifier: Apache-2.0
// exec: one more process in a running container, by `RUNTIME exec`. In the foreground the caller's
// own descriptors go straight to it: no shim, no copying.
#include "base/file.h"
#include "base/unix_socket.h"
#include "engine/cgroup_choice.h"
#include "engine/cgroup_place.h"
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/exec_process.h"
#include "engine/exec_streams.h"
#include "engine/siblings.h"
#include "shim/runtime_error.h"

#include <array>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

namespace dhow::engine {

namespace {

// A ready `RUNTIME exec` command; the process document and the runtime's log live in memfds that
// the child inherits.
struct ExecCall {
    SpawnOptions spawn;
    UniqueFd process;
    UniqueFd log;
    ContainerRow row;
};

constexpr int kProcessFd = 3;
constexpr int kLogFd = 4;

Result<UniqueFd> document_fd(const std::string& text) {
    UniqueFd fd(::memfd_create("exec-process", MFD_CLOEXEC));
    if (!fd) return system_error("create memfd");
    TRY(write_all(fd.get(), text));
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) return system_error("rewind memfd");
    return fd;
}

// The code of the command, or why the runtime could not run it: only then is there a log.
Result<int> outcome(int log_fd, const WaitStatus& status, std::string_view command) {
    if (status.success()) return 0;
    constexpr size_t kLogLimit = 1U << 16U;
    const auto log = TRY(read_file_at(AT_FDCWD, fd_path(log_fd), kLogLimit));
    if (log.empty()) return status.exit_code();
    return shim::naming_command(shim::runtime_error(log, {}), command);
}

Result<ExecCall> prepare(Engine& engine, const ExecRequest& request) {
    Context& context = engine.context();
    if (request.command.empty()) {
        return make_error(ErrorKind::InvalidArgument, "exec needs a command");
    }
    ExecCall call;
    call.row = TRY(find_container(context, request.container));
    const auto state = TRY(read_container_state(context, call.row.id));
    if (state.status != ContainerStatus::Running || state.pid() == 0) {
        return make_error(ErrorKind::Conflict,
                          "exec in container '" + call.row.name + "': it is " +
                              std::string(status_name(state.status)),
                          "start it with: dhow start " + call.row.name);
    }
    TRY(context.enter());
    TRY(go_near(context, state.pid()));
    const auto document = TRY(build_exec_process(call.row.config, request, state.pid()));
    call.process = TRY(document_fd(document));
    call.spawn.program = TRY(find_runtime(call.row.config.options.runtime));
    call.spawn.argv = TRY(runtime_arguments(context, call.row.config));
    call.spawn.argv.insert(call.spawn.argv.begin(), call.spawn.program);
    call.log = UniqueFd(::memfd_create("exec-log", MFD_CLOEXEC));
    if (!call.log) return system_error("create memfd");
    call.spawn.argv.insert(call.spawn.argv.end(),
                           {"--log", fd_path(kLogFd), "--log-format", "json"});
    call.spawn.argv.insert(call.spawn.argv.end(), {"exec", "--process", fd_path(kProcessFd)});
    call.spawn.fds.emplace_back(call.process.get(), kProcessFd);
    call.spawn.fds.emplace_back(call.log.get(), kLogFd);
    return call;
}

void finish_arguments(ExecCall& call, std::vector<std::string> more) {
    for (std::string& argument : more) call.spawn.argv.push_back(std::move(argument));
    call.spawn.argv.push_back(call.row.id);
}

Result<std::pair<UniqueFd, UniqueFd>> pipe_pair() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("create pipe");
    return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

// Waits for the pty's master, or for the runtime to give up.
Result<UniqueFd> receive_terminal(const Child& runtime, int listener) {
    std::array<pollfd, 2> polled = {{{.fd = listener, .events = POLLIN, .revents = 0},
                                     {.fd = runtime.pidfd(), .events = POLLIN, .revents = 0}}};
    if (::poll(polled.data(), polled.size(), -1) < 0) return system_error("wait for the terminal");
    if (polled[0].revents != 0) {
        const auto peer = TRY(accept_unix(listener));
        auto message = TRY(receive_message(peer.get()));
        if (!message.fds.empty()) return std::move(message.fds.front());
    }
    return make_error(ErrorKind::Internal, "exec: the OCI runtime sent no terminal");
}

// The terminal's own signals reach the runtime, which is in our process group; ours must wait for
// it.
class IgnoredSignals {
  public:
    IgnoredSignals() {
        struct sigaction ignore_action {};

        ignore_action.sa_handler = SIG_IGN;
        for (size_t i = 0; i < kSignals.size(); ++i) {
            ::sigaction(kSignals[i], &ignore_action, &before_[i]);
        }
    }

    ~IgnoredSignals() {
        for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
    }

    IgnoredSignals(const IgnoredSignals&) = delete;
    IgnoredSignals& operator=(const IgnoredSignals&) = delete;

  private:
    static constexpr std::array<int, 2> kSignals = {SIGINT, SIGQUIT};
    std::array<struct sigaction, 2> before_{};
};

}  // namespace

Result<int> exec_foreground(Engine& engine, const ExecRequest& request) {
    auto call = TRY(prepare(engine, request));
    call.spawn.null_stdin = !request.interactive;
    finish_arguments(call, {});
    const IgnoredSignals ignored;
    auto child = TRY(spawn(call.spawn));
    const auto status = TRY(child.wait());
    return outcome(call.log.get(), status, request.command.front());
}

Result<pid_t> exec_detached(Engine& engine, const ExecRequest& request) {
    auto call = TRY(prepare(engine, request));
    const auto run_dir = TRY(open_run_dir(engine.context(), call.row.id));
    const std::string pid_name = "exec-pid";
    const std::string pid_path = engine.context().container_run_dir(call.row.id) + "/" + pid_name;
    finish_arguments(call, {"--detach", "--pid-file", pid_path});
    // Nothing of ours may go in as its output: a pipe would keep us waiting for as long as it runs.
    const auto null = TRY(open_at(AT_FDCWD, "/dev/null", O_RDWR));
    for (int target = 0; target < 3; ++target) call.spawn.fds.emplace_back(null.get(), target);
    auto child = TRY(spawn(call.spawn));
    const auto status = TRY(child.wait());
    if (!status.success()) {
        const auto code = outcome(call.log.get(), status, request.command.front());
        if (!code) return code.error();
        return make_error(ErrorKind::System,
                          "exec in container '" + call.row.name + "': the OCI runtime ended with " +
                              std::to_string(*code));
    }
    const auto text = TRY(read_file_at(run_dir.get(), pid_name, 64));
    ignore(remove_file_at(run_dir.get(), pid_name), "replaced by the next exec anyway");
    return static_cast<pid_t>(std::strtol(text.c_str(), nullptr, 10));
}

Result<int> wait_exec(ExecStreams& streams) {
    const auto status = TRY(streams.runtime.wait());
    return outcome(streams.log.get(), status, streams.command);
}

Result<ExecStreams> exec_with_streams(Engine& engine, const ExecRequest& request) {
    auto call = TRY(prepare(engine, request));
    ExecStreams streams{.runtime = Child(0, UniqueFd()), .command = request.command.front()};
    if (request.terminal) {
        const std::string name = "exec-" + std::to_string(::getpid()) + ".sock";
        const auto run_dir = TRY(open_run_dir(engine.context(), call.row.id));
        const auto listener = TRY(listen_unix_at(run_dir.get(), name, SocketType::Stream));
        const std::string path = engine.context().container_run_dir(call.row.id) + "/" + name;
        finish_arguments(call, {"--console-socket", path});
        call.spawn.null_stdin = true;
        streams.runtime = TRY(spawn(call.spawn));
        auto terminal = receive_terminal(streams.runtime, listener.get());
        ignore(remove_file_at(run_dir.get(), name), "gone with the run folder at the latest");
        streams.log = std::move(call.log);
        if (terminal) {
            streams.terminal = terminal.take();
            return streams;
        }
        // The runtime's own words say more than that it sent nothing.
        const auto code = wait_exec(streams);
        return code ? terminal.error() : code.error();
    }
    auto [in_read, in_write] = TRY(pipe_pair());
    auto [out_read, out_write] = TRY(pipe_pair());
    auto [err_read, err_write] = TRY(pipe_pair());
    call.spawn.fds.emplace_back(in_read.get(), 0);
    call.spawn.fds.emplace_back(out_write.get(), 1);
    call.spawn.fds.emplace_back(err_write.get(), 2);
    finish_arguments(call, {});
    streams.runtime = TRY(spawn(call.spawn));
    streams.log = std::move(call.log);
    streams.stdin_pipe = std::move(in_write);
    streams.stdout_pipe = std::move(out_read);
    streams.stderr_pipe = std::move(err_read);
    if (!request.interactive) streams.stdin_pipe.reset();
    return streams;
}

}  // namespace dhow::engine
