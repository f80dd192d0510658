// SPDX-License-Identifier: Apache-2.0
// Supervisor: beginning and end of a container's life. Its streams and clients are in
// supervisor_streams.cc.
#include "shim/supervisor.h"

#include "base/error_wire.h"
#include "base/file.h"
#include "base/unix_socket.h"
#include "shim/oom.h"
#include "shim/runtime_call.h"

#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow::shim {

// How long the last client may take to read what it was sent, before the shim leaves anyway.
static constexpr std::chrono::seconds kFarewell(10);

Supervisor::Supervisor(ShimConfig config, EventLoop& loop)
    : config_(std::move(config)),
      loop_(loop),
      clients_(loop, *this),
      restart_(config_.restart, config_.restart_max_retries) {}

Status Supervisor::run(UniqueFd start_socket, std::vector<UniqueFd> initial_clients) {
    auto ready = prepare();
    if (ready) ready = start_first_time(start_socket);
    if (!ready) {
        take_down();
        ignore(send_message(start_socket.get(),
                            static_cast<char>(PacketType::Failed) + encode_error(ready.error())),
               "the launcher may be gone");
        return ready;
    }
    for (UniqueFd& client : initial_clients) {
        ignore(clients_.adopt(std::move(client), false), "one client less");
    }
    TRY(report_started(std::move(start_socket)));
    return loop_.run();
}

Status Supervisor::prepare() {
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return system_error("become a subreaper");
    self_ = TRY(identify(::getpid()));
    run_dir_ = TRY(open_dir_at(AT_FDCWD, config_.run_dir));
    state_dir_ = TRY(open_dir_at(AT_FDCWD, config_.state_dir));
    TRY(write_status(Phase::Starting));
    TRY(loop_.add_signals({SIGCHLD, SIGTERM, SIGINT}, [this](int signal) {
        if (signal == SIGCHLD) {
            on_child_signal();
        } else {
            ignore(on_stop(SIGTERM, 10), "the container may have ended");
        }
    }));
    log_ = TRY(LogWriter::open(config_.log_path, config_.log_max_bytes));
    TRY(clients_.listen(run_dir_.get()));
    return sidecars_.start(config_.sidecars, config_.keep_env);
}

static bool hung_up(int socket) {
    pollfd poll_fd{.fd = socket, .events = 0, .revents = 0};
    return ::poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & (POLLHUP | POLLERR)) != 0;
}

// A launcher that died before it was told leaves nobody who knows of this container: it goes too.
Status Supervisor::start_first_time(const UniqueFd& start_socket) {
    TRY(start_container());
    if (!hung_up(start_socket.get())) return {};
    return make_error(ErrorKind::Unavailable, "the launching command is gone");
}

Status Supervisor::start_container() {
    stdio_ = config_.terminal ? TRY(make_terminal_stdio())
                              : TRY(make_stdio(run_dir_.get(), config_.open_stdin));
    pid_ = TRY(shim::run_container(config_, run_dir_.get(), stdio_));
    pidfd_ = TRY(open_pidfd(pid_));
    container_ = TRY(identify(pid_));
    started_at_ = now_unix_nanos();
    run_began_ = EventLoop::Clock::now();
    if (config_.terminal && window_.first > 0) on_resize(window_.first, window_.second);
    TRY(watch_streams());
    return write_status(Phase::Running);
}

Status Supervisor::report_started(UniqueFd start_socket) {
    started_ = true;
    ShimStatus status{
        .phase = Phase::Running, .shim = self_, .container = container_, .started_at = started_at_};
    const int fd = start_socket.get();
    const std::string packet = static_cast<char>(PacketType::Started) + encode_status(status);
    auto told = send_message(fd, packet);
    if (!told) on_launcher_gone();
    if (!config_.foreground || !told) return {};
    return clients_.adopt(std::move(start_socket), true);
}

Status Supervisor::write_status(Phase phase) {
    ShimStatus status{.phase = phase,
                      .shim = self_,
                      .container = container_,
                      .started_at = started_at_,
                      .restart_count = restart_.count(),
                      .last_exit = end_};
    return replace_file_at(
        run_dir_.get(), std::string(kStatusFile), encode_status(status), 0600, Durability::None);
}

// Looks before it reaps: a zombie's cgroup can still be read, and says whether memory ran out.
void Supervisor::on_child_signal() {
    while (true) {
        siginfo_t info{};
        if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
        const bool ours = info.si_pid == pid_;
        if (ours && info.si_code != CLD_EXITED && info.si_status == SIGKILL) {
            oom_killed_ = oom_killed(pid_);
        }
        ::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED);
        if (!ours) continue;
        const auto kind =
            info.si_code == CLD_EXITED ? WaitStatus::Kind::Exited : WaitStatus::Kind::Signaled;
        on_container_end(WaitStatus{.kind = kind, .value = info.si_status});
        return;
    }
}

void Supervisor::on_container_end(const WaitStatus& status) {
    pid_ = 0;
    pidfd_.reset();
    container_ = ProcessIdentity{};
    end_ = status;
    finished_at_ = now_unix_nanos();
    if (kill_timer_) loop_.cancel_timer(*std::exchange(kill_timer_, std::nullopt));
    drain_streams();
    const auto ran_for =
        std::chrono::duration_cast<std::chrono::milliseconds>(EventLoop::Clock::now() - run_began_);
    if (const auto delay = restart_.decide(status, ran_for)) {
        ignore(write_status(Phase::Restarting), "the next status says it again");
        restart_timer_ = loop_.add_timer(*delay, [this] { start_again(); });
        return;
    }
    finish();
}

void Supervisor::start_again() {
    restart_timer_.reset();
    ignore(delete_container(config_), "the start below says what is wrong");
    auto started = start_container();
    if (started) return;
    error_ = started.error().message;
    finish();
}

// What every end has in common, a failed start included. In this order: the runtime needs the
// mounts, the network helpers must outlive the container.
void Supervisor::take_down() {
    ignore(delete_container(config_), "nothing more can be done about it");
    if (pid_ != 0) {
        siginfo_t info{};
        ignore(signal_process(pidfd_.get(), SIGKILL), "delete has killed it");
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
        pid_ = 0;
    }
    sidecars_.stop();
    if (!config_.rootfs.empty()) ::umount2(config_.rootfs.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
}

ExitRecord Supervisor::exit_record() const {
    return ExitRecord{.status = end_.value_or(WaitStatus{}),
                      .oom_killed = oom_killed_,
                      .started_at = started_at_,
                      .finished_at = finished_at_,
                      .restart_count = restart_.count(),
                      .error = error_};
}

void Supervisor::finish() {
    if (over_) return;
    over_ = true;
    take_down();
    const std::string record = encode_exit(exit_record());
    ignore(replace_file_at(state_dir_.get(),
                           std::string(kExitFile),
                           record,
                           0600,
                           config_.durable_exit ? Durability::Synced : Durability::None),
           "readers then see an end that is unknown, which is true");
    ignore(write_status(Phase::Exited), "the exit record says more");
    clients_.broadcast(PacketType::Exited, record);
    loop_.add_timer(kFarewell, [this] { loop_.stop(); });
    leave_when_done();
}

// Stays until the launcher has cleaned up or gone, and everybody has read the news.
void Supervisor::leave_when_done() {
    const bool waiting_for_launcher = clients_.launcher_present() && !cleaned_;
    if (waiting_for_launcher || !clients_.drained()) {
        loop_.add_timer(std::chrono::milliseconds(waiting_for_launcher ? 50 : 5),
                        [this] { leave_when_done(); });
        return;
    }
    ignore(remove_file_at(run_dir_.get(), std::string(kSocketName)), "nobody listens any more");
    loop_.stop();
}

}  // namespace dhow::shim
