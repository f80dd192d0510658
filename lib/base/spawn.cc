// SPDX-License-Identifier: Apache-2.0
// spawn() and run_captured() of base/process.h: one of the three places that clone. Contract: argv,
// envp and the fd plan are complete before the clone; the child half calls async-signal-safe
// functions only, reports {step, errno} over a CLOEXEC pipe, and ends with _exit.
#include "base/file.h"
#include "base/process.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow {

namespace {

enum class Step : int { Descriptors, Session, WorkingDir, Exec };

struct Failure {
    Step step;
    int code;
};

// Everything the child needs, made before the clone.
struct Plan {
    const char* program = nullptr;
    std::vector<char*> argv;
    std::vector<char*> env;
    std::vector<std::pair<int, int>> fds;
    const char* working_dir = nullptr;
    bool new_session = false;
    int death_signal = 0;
    pid_t parent = 0;
    int report = -1;
    int cgroup = -1;
    bool sibling = false;
};

[[noreturn]] void fail(const Plan& plan, Step step) noexcept {
    const Failure failure{step, errno};
    const ssize_t put = ::write(plan.report, &failure, sizeof failure);
    ::_exit(put == sizeof failure ? 127 : 126);
}

void reset_signals() noexcept {
    sigset_t none;
    ::sigemptyset(&none);

    struct sigaction defaults {};

    defaults.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) ::sigaction(number, &defaults, nullptr);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Targets may collide with sources: the parent has moved every source above all targets, so a plain
// dup2 in any order is right. The report pipe is above them too and CLOEXEC.
void arrange_descriptors(const Plan& plan) noexcept {
    int highest = 2;
    for (const auto& [source, target] : plan.fds) {
        if (::dup2(source, target) < 0) fail(plan, Step::Descriptors);
        highest = std::max(highest, target);
    }
    ::syscall(SYS_close_range, highest + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    for (int fd = 3; fd <= highest; ++fd) {
        bool wanted = false;
        for (const auto& [source, target] : plan.fds) wanted = wanted || target == fd;
        if (!wanted) ::close(fd);
    }
}

[[noreturn]] void child_main(const Plan& plan) noexcept {
    reset_signals();
    arrange_descriptors(plan);
    if (plan.death_signal != 0) {
        ::prctl(PR_SET_PDEATHSIG, plan.death_signal);
        if (::getppid() != plan.parent) ::_exit(127);
    }
    if (plan.new_session && ::setsid() < 0) fail(plan, Step::Session);
    if (plan.working_dir != nullptr && ::chdir(plan.working_dir) != 0) fail(plan, Step::WorkingDir);
    ::execve(plan.program, plan.argv.data(), plan.env.data());
    fail(plan, Step::Exec);
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

Error describe(const SpawnOptions& options, const Failure& failure) {
    switch (failure.step) {
        case Step::Descriptors:
            return system_error("arrange descriptors for '" + options.program + "'", failure.code);
        case Step::Session:
            return system_error("start a session for '" + options.program + "'", failure.code);
        case Step::WorkingDir:
            return system_error("enter '" + options.working_dir + "'", failure.code);
        case Step::Exec:
            break;
    }
    return system_error("execute '" + options.program + "'", failure.code);
}

int highest_target(const SpawnOptions& options) {
    int highest = 2;
    for (const auto& mapping : options.fds) highest = std::max(highest, mapping.second);
    return highest;
}

Result<UniqueFd> duplicate_above(int fd, int floor) {
    UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, floor));
    if (!copy) return system_error("duplicate descriptor " + std::to_string(fd));
    return copy;
}

Result<std::pair<UniqueFd, UniqueFd>> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("create pipe");
    return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

// The pidfd comes from the clone itself: no window in which the pid could be reused.
Result<Child> clone_and_exec(const Plan& plan) {
    int pidfd = -1;
    assert_single_threaded();
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);  // no handler of ours may run in the child

    // CLONE_VM without CLONE_VFORK's stack rules would need a second stack; plain fork semantics
    // with a small heap cost 0.1 ms and allow the child its own stack frame.
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
        uint64_t set_tid, set_tid_size, cgroup;
    } arguments{};

    arguments.flags = 0x00001000;  // CLONE_PIDFD
    arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
    if (plan.sibling) {
        arguments.flags |= 0x00008000;  // CLONE_PARENT: exit_signal is then the caller's own
    } else {
        arguments.exit_signal = SIGCHLD;
    }
    if (plan.cgroup >= 0) {
        arguments.flags |= 0x200000000;  // CLONE_INTO_CGROUP
        arguments.cgroup = static_cast<uint64_t>(plan.cgroup);
    }
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) child_main(plan);
    const int saved = errno;
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) return system_error("clone", saved);
    return Child(static_cast<pid_t>(pid), UniqueFd(pidfd));
}

}  // namespace

Result<Child> spawn(const SpawnOptions& options) {
    const int floor = highest_target(options) + 1;
    auto [report_read, report_write] = TRY(make_pipe());
    auto report = TRY(duplicate_above(report_write.get(), floor));
    report_write.reset();

    std::vector<UniqueFd> lifted;
    Plan plan;
    UniqueFd null;
    auto mappings = options.fds;
    if (options.null_stdin) {
        null = TRY(open_at(AT_FDCWD, "/dev/null", O_RDWR));
        mappings.emplace_back(null.get(), 0);
    }
    for (const auto& [source, target] : mappings) {
        lifted.push_back(TRY(duplicate_above(source, floor)));
        plan.fds.emplace_back(lifted.back().get(), target);
    }
    plan.program = options.program.c_str();
    plan.argv = pointers(options.argv);
    if (options.env) {
        plan.env = pointers(*options.env);
    } else {
        for (char** entry = environ; *entry != nullptr; ++entry) plan.env.push_back(*entry);
        plan.env.push_back(nullptr);
    }
    plan.working_dir = options.working_dir.empty() ? nullptr : options.working_dir.c_str();
    plan.new_session = options.new_session;
    plan.death_signal = options.death_signal.value_or(0);
    plan.parent = ::getpid();
    plan.report = report.get();
    plan.cgroup = options.cgroup;
    plan.sibling = options.sibling;

    auto child = TRY(clone_and_exec(plan));
    report.reset();
    Failure failure{};
    ssize_t got = -1;
    do {
        got = ::read(report_read.get(), &failure, sizeof failure);
    } while (got < 0 && errno == EINTR);
    if (got == sizeof failure) {
        ignore(child.wait(), "the report says more than its exit code");
        return describe(options, failure);
    }
    return child;
}

Result<Captured> run_captured(SpawnOptions options, std::string_view input) {
    constexpr size_t kLimit = 1U << 20U;
    auto [in_read, in_write] = TRY(make_pipe());
    auto [out_read, out_write] = TRY(make_pipe());
    auto [err_read, err_write] = TRY(make_pipe());
    options.fds.emplace_back(in_read.get(), 0);
    options.fds.emplace_back(out_write.get(), 1);
    options.fds.emplace_back(err_write.get(), 2);
    auto child = TRY(spawn(options));
    in_read.reset();
    out_write.reset();
    err_write.reset();

    Captured captured;
    if (input.empty()) in_write.reset();
    std::array<std::string*, 2> sinks = {&captured.out, &captured.err};
    std::array<UniqueFd*, 2> sources = {&out_read, &err_read};
    while (out_read || err_read || in_write) {
        std::array<pollfd, 3> polls = {{{out_read.get(), POLLIN, 0},
                                        {err_read.get(), POLLIN, 0},
                                        {in_write.get(), POLLOUT, 0}}};
        if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) {
            return system_error("poll");
        }
        for (size_t i = 0; i < sources.size(); ++i) {
            if (polls[i].revents == 0) continue;
            std::array<char, 16384> buffer{};
            const ssize_t got = ::read(sources[i]->get(), buffer.data(), buffer.size());
            if (got <= 0) {
                sources[i]->reset();
            } else {
                const size_t room = kLimit - sinks[i]->size();
                sinks[i]->append(buffer.data(), std::min(static_cast<size_t>(got), room));
            }
        }
        if (in_write && polls[2].revents != 0) {
            // A SIGPIPE must not end us when the child closes its stdin early: MSG_NOSIGNAL has no
            // counterpart for pipes, so the POLLERR that comes first is looked at.
            const bool broken = (polls[2].revents & POLLERR) != 0;
            const size_t chunk = std::min<size_t>(input.size(), 4096);
            const ssize_t put = broken ? -1 : ::write(in_write.get(), input.data(), chunk);
            if (put > 0) input.remove_prefix(static_cast<size_t>(put));
            if (put <= 0 || input.empty()) in_write.reset();
        }
    }
    captured.status = TRY(child.wait());
    return captured;
}

}  // namespace dhow
