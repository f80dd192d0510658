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
#include "shim/protocol.h"
#include "shim/restart.h"
#include "shim/sidecars.h"
#include "shim/stdio.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dhow::shim {

class Supervisor : public ClientHandler {
  public:
    Supervisor(ShimConfig config, EventLoop& loop);

    // The whole life; returns when the shim should exit or become its exit command.
    Status run(UniqueFd start_socket, std::vector<UniqueFd> initial_clients);

    // True when nobody has cleaned up after this container.
    [[nodiscard]] bool needs_exit_command() const { return !cleaned_ && started_; }

    void on_stdin(std::string_view bytes) override;
    void on_stdin_end() override;
    void on_resize(unsigned rows, unsigned columns) override;
    Status on_signal(int signal) override;
    Status on_stop(int signal, int timeout_seconds) override;
    void on_cleaned() override;
    void on_stdin_client_gone() override;
    void on_launcher_gone() override;
    void on_backpressure(bool behind) override;

  private:
    Status prepare();
    Status start_container();
    Status start_first_time(const UniqueFd& start_socket);
    Status report_started(UniqueFd start_socket);
    Status watch_streams();
    void read_stream(int fd, bool is_stderr);
    void feed_stdin();
    void close_stream(UniqueFd& fd);
    void drain_streams();
    void on_child_signal();
    void on_container_end(const WaitStatus& status);
    void start_again();
    void take_down();
    void finish();
    void leave_when_done();
    Status write_status(Phase phase);
    [[nodiscard]] ExitRecord exit_record() const;

    ShimConfig config_;
    EventLoop& loop_;
    Clients clients_;
    LogWriter log_;
    Stdio stdio_;
    Sidecars sidecars_;
    RestartDecider restart_;
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
    bool started_ = false;
    bool cleaned_ = false;
    bool over_ = false;
    std::optional<EventLoop::TimerId> kill_timer_;
    std::optional<EventLoop::TimerId> restart_timer_;
    std::pair<unsigned, unsigned> window_{0, 0};
};

}  // namespace dhow::shim
