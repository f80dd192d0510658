// SPDX-License-Identifier: Apache-2.0
// The life of one container, seen from its shim:
//
//   start: sidecars -> RUNTIME run -> Started          (a failure: all undone, Failed)
//   run:   output -> log and clients; clients -> input, signals, window size
//   end:   reap -> drain output -> restart after a delay, or:
//          RUNTIME delete -> sidecars -> unmount -> exit record -> Exited -> exit command
//
// Runs in dhow-shim alone, in the container's user and (the launcher's) mount namespace. Never
// touches the store or the database; survives the death of every dhow command.
#pragma once

#include "base/event_loop.h"
#include "base/process.h"
#include "base/result.h"
#include "shim/clients.h"
#include "shim/log_writer.h"
#include "shim/oom.h"
#include "shim/protocol.h"
#include "shim/restart.h"
#include "shim/sidecars.h"
#include "shim/stdio.h"

#include <optional>
#include <string>
#include <string_view>

namespace dhow::shim {

class Supervisor : public ClientHandler {
  public:
    Supervisor(ShimConfig config, EventLoop& loop);

    // The whole life; returns when the shim should exit, or become its exit command: true when
    // nobody has cleaned up after the container.
    bool run(UniqueFd start_socket, std::vector<UniqueFd> initial_clients);
    // The shim's own: the container's, so that systemd's Restart= knows a failure; 0 after a stop
    // that was asked for, whatever ended it.
    [[nodiscard]] int exit_code() const;

    void on_stdin(std::string_view bytes) override;
    void on_stdin_end() override;
    void on_resize(unsigned rows, unsigned columns) override;
    Status on_signal(int signal) override;
    Status on_stop(int signal, int timeout_seconds) override;
    void on_stdin_client_gone() override;
    void on_backpressure(bool behind) override;

    void on_cleaned() override { cleaned_ = true; }

  private:
    Status prepare();
    Status start_container(int launcher);
    bool roll_back(const UniqueFd& start_socket, const Error& error);
    Status report_started(UniqueFd start_socket);
    void settle_down();
    void set_oom_score(int score);
    Status watch_streams();
    void read_stream(int fd, bool is_stderr);
    void pass_on(bool is_stderr, std::string_view bytes);
    void feed_stdin();
    void close_stream(UniqueFd& fd);
    void drain_streams();
    void on_container_end(const WaitStatus& status);
    void start_again();
    void take_down();
    void finish();
    [[nodiscard]] bool may_leave() const;
    void note_activity();
    Status write_status(Phase phase);
    [[nodiscard]] ShimStatus status(Phase phase) const;
    [[nodiscard]] ExitRecord exit_record() const;

    ShimConfig config_;
    EventLoop& loop_;
    Clients clients_;
    LogWriter log_;
    Stdio stdio_;
    Sidecars sidecars_;
    RestartDecider restart_;
    OomWatch oom_;
    UniqueFd run_dir_;
    UniqueFd state_dir_;
    pid_t pid_ = 0;  // of the container's init; 0 when none runs
    UniqueFd pidfd_;
    ProcessIdentity self_;
    ProcessIdentity container_;
    UnixNanos started_at_ = 0;
    UnixNanos finished_at_ = 0;
    EventLoop::Clock::time_point run_began_;
    std::optional<WaitStatus> end_;
    bool oom_killed_ = false;
    std::string error_;
    std::string input_;  // waiting for the container to read
    bool input_ends_ = false;
    bool paused_output_ = false;
    bool cleaned_ = false;
    bool over_ = false;
    bool patience_ends_ =
        false;  // the end is old news: clients that still did not read it are left
    bool trim_pending_ = false;
    std::optional<EventLoop::TimerId> kill_timer_;
    std::optional<EventLoop::TimerId> restart_timer_;
    std::pair<unsigned, unsigned> window_{0, 0};
    int inherited_oom_score_ = 0;
};

}  // namespace dhow::shim
