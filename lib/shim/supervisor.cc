// SPDX-License-Identifier: Apache-2.0
// Supervisor: beginning and end of a container's life. Its streams and clients are in
// supervisor_streams.cc.
#include "shim/supervisor.h"

#include "base/error_wire.h"
#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "shim/memory.h"
#include "shim/reaper.h"
#include "shim/runtime_call.h"

#include <chrono>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow::shim {

// How long attached clients may take to read the end of the output before the shim leaves anyway.
// The launcher may take for ever: it has the cleaning up to do.
static constexpr std::chrono::seconds kFarewell(10);
// Idle this long, the shim gives its memory back.
static constexpr std::chrono::seconds kIdle(1);

Supervisor::Supervisor(ShimConfig config, EventLoop& loop)
    : config_(std::move(config)),
      loop_(loop),
      clients_(loop, *this),
      restart_(config_.restart, config_.restart_max_retries),
      window_(config_.terminal_rows, config_.terminal_columns) {}

bool Supervisor::run(UniqueFd start_socket, std::vector<UniqueFd> initial_clients) {
    auto ready = prepare();
    if (ready) ready = start_container(start_socket.get());
    if (!ready) return roll_back(start_socket, ready.error());
    for (UniqueFd& client : initial_clients) {
        ignore(clients_.adopt(std::move(client), false), "one client less");
    }
    const auto reported = report_started(std::move(start_socket));
    if (!reported) return roll_back(UniqueFd(), reported.error());
    settle_down();
    while (!may_leave()) {
        const auto round = loop_.run_once(std::chrono::milliseconds(-1));
        if (round) continue;
        error_ = round.error().message;  // epoll itself fails: nothing can be supervised any more
        finish();
        break;
    }
    return !cleaned_;
}

Status Supervisor::prepare() {
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return system_error("become a subreaper");
    self_ = TRY(identify(::getpid()));
    run_dir_ = TRY(open_dir_at(AT_FDCWD, config_.run_dir));
    state_dir_ = TRY(open_dir_at(AT_FDCWD, config_.state_dir));
    TRY(write_status(Phase::Starting));
    TRY(loop_.add_signals({SIGCHLD, SIGTERM, SIGINT}, [this](int signal) {
        if (signal != SIGCHLD) {
            ignore(on_stop(config_.stop_signal, config_.stop_timeout_seconds), "it may have ended");
            return;
        }
        reap_ended_children([this](pid_t pid, const WaitStatus& status) {
            if (pid == pid_) on_container_end(status);
        });
    }));
    log_ = TRY(LogWriter::open(config_.log_path, config_.log_max_bytes));
    TRY(clients_.listen(run_dir_.get()));
    return sidecars_.start(config_.sidecars, config_.keep_env);
}

// The runtime must have left its child to us: another's could never be reaped here. A helper of the
// runtime's (crun has one) may outlive it by a moment, and the child is the helper's until then.
static Status check_child(pid_t pid, int pidfd) {
    constexpr std::chrono::seconds kPatience(2);
    for (bool waited = false;; waited = true) {
        siginfo_t info{};
        const int options = WEXITED | WNOHANG | WNOWAIT;
        if (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, options) == 0) return {};
        const auto failed = system_error("supervise the container's first process");
        if (failed.sys_errno != ECHILD || waited) return failed;
        const auto helper = open_pidfd(TRY(parent_process(pid)));
        if (helper) TRY(wait_for_end(helper->get(), kPatience));
    }
}

Status Supervisor::start_container(int launcher) {
    stdio_ = config_.terminal ? TRY(make_terminal_stdio())
                              : TRY(make_stdio(run_dir_.get(), config_.open_stdin));
    pid_ = TRY(run_container(config_, run_dir_.get(), stdio_, launcher));
    pidfd_ = TRY(open_pidfd(pid_));
    TRY(check_child(pid_, pidfd_.get()));
    container_ = TRY(identify(pid_));
    started_at_ = now_unix_nanos();
    run_began_ = EventLoop::Clock::now();
    if (config_.terminal && window_.first > 0) on_resize(window_.first, window_.second);
    TRY(watch_streams());
    return write_status(Phase::Running);
}

static bool hung_up(int socket) {
    pollfd poll_fd{.fd = socket, .events = 0, .revents = 0};
    return ::poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & (POLLHUP | POLLERR)) != 0;
}

// Nothing of this start stays. A launcher that lives is told why and clears up what it had made;
// for one that is gone the exit command does, and finds no sign of a living shim.
bool Supervisor::roll_back(const UniqueFd& start_socket, const Error& error) {
    take_down();
    clients_.stop_listening(run_dir_.get());
    ignore(remove_file_at(run_dir_.get(), std::string(kStatusFile)), "it may not be there yet");
    if (!start_socket || hung_up(start_socket.get())) return true;
    const std::string packet = static_cast<char>(PacketType::Failed) + encode_error(error);
    return !send_message(start_socket.get(), packet);
}

Status Supervisor::report_started(UniqueFd start_socket) {
    const std::string packet =
        static_cast<char>(PacketType::Started) + encode_status(status(Phase::Running));
    TRY(send_message(start_socket.get(), packet));
    if (!config_.foreground) return {};
    return clients_.adopt(std::move(start_socket), true);
}

// What is needed while the container runs, and nobody waits for.
void Supervisor::settle_down() {
    oom_.begin(pid_);
    if (config_.oom_score_adjust) set_oom_score(*config_.oom_score_adjust);
    note_activity();
}

void Supervisor::set_oom_score(int score) {
    const auto now = read_file_at(AT_FDCWD, "/proc/self/oom_score_adj", 16);
    if (now) inherited_oom_score_ = parse_int<int>(trim(*now)).value_or(0);
    ignore(write_existing_at(AT_FDCWD, "/proc/self/oom_score_adj", std::to_string(score)),
           "less than now needs CAP_SYS_RESOURCE");
}

// Once idle, memory is given back; the timer is not moved by each event, so that a busy container
// pays for one a second.
void Supervisor::note_activity() {
    if (trim_pending_) return;
    trim_pending_ = true;
    loop_.add_timer(kIdle, [this] {
        trim_pending_ = false;
        trim_memory();
    });
}

ShimStatus Supervisor::status(Phase phase) const {
    return ShimStatus{.phase = phase,
                      .shim = self_,
                      .container = container_,
                      .started_at = started_at_,
                      .restart_count = restart_.count(),
                      .last_exit = end_};
}

Status Supervisor::write_status(Phase phase) {
    return replace_file_at(run_dir_.get(),
                           std::string(kStatusFile),
                           encode_status(status(phase)),
                           0600,
                           Durability::None);
}

void Supervisor::on_container_end(const WaitStatus& status) {
    pid_ = 0;
    pidfd_.reset();
    container_ = ProcessIdentity{};
    end_ = status;
    finished_at_ = now_unix_nanos();
    oom_killed_ = oom_.killed();
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
    if (config_.oom_score_adjust) set_oom_score(inherited_oom_score_);
    const auto started = start_container(-1);
    if (started) {
        settle_down();
        return;
    }
    error_ = started.error().message;
    finish();
}

// What every end has in common, a failed start included. In this order: the runtime needs the
// mounts, the network helpers must outlive the container.
void Supervisor::take_down() {
    ignore(delete_container(config_), "nothing more can be done about it");
    pid_ = 0;
    sidecars_.stop();
    end_all_children();
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

int Supervisor::exit_code() const {
    if (restart_.forbidden()) return 0;
    return end_.value_or(WaitStatus{}).exit_code();
}

// After the record nothing in the run folder is ours any more: the container may be started again
// by another shim while clients of this one still read.
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
    clients_.stop_listening(run_dir_.get());
    clients_.broadcast(PacketType::Exited, record);
    loop_.add_timer(kFarewell, [this] { patience_ends_ = true; });
}

// Stays until the launcher has cleaned up or gone, and the others have read the news.
bool Supervisor::may_leave() const {
    if (!over_) return false;
    if (clients_.launcher_present() && !cleaned_) return false;
    return patience_ends_ || clients_.drained();
}

}  // namespace dhow::shim
