// SPDX-License-Identifier: Apache-2.0
// Processes: starting them, knowing them for certain, ending them. Waiting and killing go through
// pidfds; a pid alone is never trusted, because the kernel reuses it.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <signal.h>
#include <sys/types.h>

namespace dhow {

// How a process ended. Unknown is a legal answer and is never shown as success.
struct WaitStatus {
    enum class Kind { Exited, Signaled, Unknown };
    Kind kind = Kind::Unknown;
    int value = 0;  // exit code, or signal number

    // The shell's convention: the code, or 128 + signal; 255 for Unknown.
    [[nodiscard]] int exit_code() const;

    [[nodiscard]] bool success() const { return kind == Kind::Exited && value == 0; }
};

// A process that existed, told apart from any later one with the same pid: by its start time in
// clock ticks since boot (field 22 of /proc/PID/stat) and the boot it belongs to.
struct ProcessIdentity {
    pid_t pid = 0;
    uint64_t start_time = 0;
    std::string boot_id;

    bool operator==(const ProcessIdentity&) const = default;
};

Result<ProcessIdentity> identify(pid_t pid);
const std::string& boot_id();
Result<uint64_t> process_start_time(pid_t pid);
Result<pid_t> parent_process(pid_t pid);
// A pidfd of exactly that process; NotFound when it is gone or was never of this boot.
Result<UniqueFd> open_process(const ProcessIdentity& identity);
bool is_alive(const ProcessIdentity& identity);
Result<UniqueFd> open_pidfd(pid_t pid);
// pidfd_send_signal(2); a process already gone is NotFound.
Status signal_process(int pidfd, int signal);
// Waits until the process ends; false on timeout. Works for any process, not only children.
Result<bool> wait_for_end(int pidfd, std::optional<std::chrono::milliseconds> timeout);
// Reaps a child by pidfd (waitid P_PIDFD).
Result<WaitStatus> reap(int pidfd);

// A started child: reaped by wait(), or left behind on purpose with detach(). Destroying one that
// still runs kills and reaps it, so that no error path leaks a process.
class [[nodiscard]] Child {
  public:
    Child(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    ~Child();

    [[nodiscard]] pid_t pid() const { return pid_; }

    [[nodiscard]] int pidfd() const { return pidfd_.get(); }

    Result<WaitStatus> wait();

    Status kill(int signal) const { return signal_process(pidfd_.get(), signal); }

    void detach() { pid_ = 0; }

  private:
    pid_t pid_ = 0;
    UniqueFd pidfd_;
};

struct SpawnOptions {
    std::string program;                          // absolute path; no PATH search
    std::vector<std::string> argv;                // argv[0] included
    std::optional<std::vector<std::string>> env;  // "K=V"; nullopt: the caller's
    // {ours, child's number}; all other descriptors from 3 up are closed in the child. 0, 1 and 2
    // are inherited unless mapped.
    std::vector<std::pair<int, int>> fds;
    bool new_session = false;
    bool null_stdin = false;
    std::optional<int> death_signal;  // PR_SET_PDEATHSIG
    std::string working_dir;          // empty: the caller's
    int cgroup = -1;                  // folder of the cgroup (version 2) it is born in
    // A child of the caller's parent: only that one (systemd, say) can wait for it. Ours are its
    // pidfd and signals; wait() is an error.
    bool sibling = false;
};

// Starts a program. A failing exec is an error here (with its errno), not an exit code later.
Result<Child> spawn(const SpawnOptions& options);

struct Captured {
    WaitStatus status;
    std::string out;
    std::string err;
};

// Runs to the end and collects stdout and stderr, each at most 1 MiB.
Result<Captured> run_captured(SpawnOptions options, std::string_view input = {});

// Aborts when the process has more than one thread: every clone() of dhow rests on this.
void assert_single_threaded();
// The folder of the running binary, where its siblings are looked for first.
Result<std::string> executable_dir();
// Absolute path of one of dhow's own programs: beside the running binary, else in ../libexec/dhow.
Result<std::string> find_helper(const std::string& name);
// `name` in `path_list` (the value of $PATH); NotFound names both.
Result<std::string> find_program(const std::string& name, std::string_view path_list);

}  // namespace dhow
