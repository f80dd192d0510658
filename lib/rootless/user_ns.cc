// SPDX-License-Identifier: Apache-2.0
// One of the three places that clone. Contract: everything the child needs is made before; the
// child half calls async-signal-safe functions only and ends with execve or _exit.
#include "rootless/user_ns.h"

#include "base/file.h"
#include "rootless/enter.h"
#include "rootless/hold_file.h"
#include "rootless/id_map.h"
#include "rootless/map_helpers.h"
#include "rootless/paths.h"
#include "rootless/subid.h"

#include <array>
#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::rootless {

namespace {

// What the child is made of. `survivor`: the pidfd whose user namespace it joins, or -1 when the
// clone itself made a new one.
struct Plan {
    std::array<char*, 3> argv{};
    std::array<char*, 1> env{};
    int stdin_fd = -1;
    int null_fd = -1;
    int report_fd = -1;
    int survivor = -1;
};

[[noreturn]] void fail(const Plan& plan) noexcept {
    const int code = errno;
    const ssize_t put = ::write(plan.report_fd, &code, sizeof code);
    ::_exit(put == sizeof code ? 127 : 126);
}

[[noreturn]] void child_main(const Plan& plan) noexcept {
    struct sigaction ignored {};

    ignored.sa_handler = SIG_IGN;
    // A hang-up or Ctrl-C of the terminal it was born in is none of its business.
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE}) {
        ::sigaction(number, &ignored, nullptr);
    }
    ::setsid();
    if (plan.survivor >= 0 && !move_into_survivor(plan.survivor)) fail(plan);
    if (::dup2(plan.stdin_fd, 0) < 0 || ::dup2(plan.null_fd, 1) < 0 ||
        ::dup2(plan.null_fd, 2) < 0 || ::chdir("/") != 0) {
        fail(plan);
    }
    ::syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(plan.argv[0], plan.argv.data(), plan.env.data());
    fail(plan);
}

struct Newborn {
    Child process = Child(0, UniqueFd());
    UniqueFd go;      // its stdin: 'k' keeps it, end of file ends it
    UniqueFd report;  // an errno, or end of file once it executes dhow-init
};

Result<std::string> find_init(const HoldOptions& options) {
    if (!options.init_path.empty()) return options.init_path;
    const auto folder = TRY(executable_dir());
    for (const char* place : {"/dhow-init", "/../libexec/dhow/dhow-init"}) {
        std::string path = folder + place;
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return make_error(ErrorKind::NotFound,
                      "helper 'dhow-init' is neither in '" + folder + "' nor in '../libexec/dhow'",
                      "reinstall dhow");
}

Result<std::pair<UniqueFd, UniqueFd>> make_pipe() {
    // Ends above 2: the child puts others there.
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("create pipe");
    UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    read_end.reset(::fcntl(read_end.get(), F_DUPFD_CLOEXEC, 3));
    write_end.reset(::fcntl(write_end.get(), F_DUPFD_CLOEXEC, 3));
    if (!read_end || !write_end) return system_error("create pipe");
    return std::pair(std::move(read_end), std::move(write_end));
}

Result<Child> clone_with(const Plan& plan, uint64_t namespaces) {
    assert_single_threaded();
    int pidfd = -1;

    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    } arguments{};

    arguments.flags = namespaces | CLONE_PIDFD;
    arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);  // no handler of ours may run in the child
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) child_main(plan);
    const int saved = errno;
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) return explain_no_user_namespace(saved, "/proc/sys");
    return Child(static_cast<pid_t>(pid), UniqueFd(pidfd));
}

Result<Newborn> start_holder(const std::string& init, int survivor) {
    auto [stdin_read, stdin_write] = TRY(make_pipe());
    auto [report_read, report_write] = TRY(make_pipe());
    const auto null = TRY(open_at(AT_FDCWD, "/dev/null", O_RDWR));
    std::string path = init;
    std::string mode = "hold";
    const Plan plan{.argv = {path.data(), mode.data(), nullptr},
                    .env = {nullptr},
                    .stdin_fd = stdin_read.get(),
                    .null_fd = null.get(),
                    .report_fd = report_write.get(),
                    .survivor = survivor};
    auto process = TRY(clone_with(plan, survivor >= 0 ? 0 : CLONE_NEWUSER | CLONE_NEWNET));
    return Newborn{.process = std::move(process),
                   .go = std::move(stdin_write),
                   .report = std::move(report_read)};
}

Status wait_until_executed(Newborn& newborn, const std::string& init) {
    const auto report = TRY(read_all(newborn.report.get(), sizeof(int)));
    if (report.empty()) return {};
    int code = 0;
    report.copy(reinterpret_cast<char*>(&code), sizeof code);
    return system_error("execute '" + init + "' to hold the namespaces", code)
        .with_fix("every user must be able to execute it: reinstall dhow");
}

// AppArmor lets the clone pass and then takes every capability away, so that only mounts fail,
// later.
Status check_not_confined(pid_t pid) {
    const auto label =
        read_file_at(AT_FDCWD, "/proc/" + std::to_string(pid) + "/attr/apparmor/current", 4096);
    if (!label || !label->starts_with("unprivileged_userns")) return {};
    return explain_no_user_namespace(EACCES, "/proc/sys");
}

Result<Hold> keep(Newborn newborn, const std::string& init, int run_root) {
    TRY(wait_until_executed(newborn, init));
    auto hold = TRY(describe_holder(newborn.process.pid()));
    TRY(write_hold_file(run_root, hold));
    TRY_CONTEXT(write_all(newborn.go.get(), "k"), "keep the held namespaces");
    newborn.process.detach();
    return hold;
}

Result<Hold> make_new(const HoldOptions& options, int run_root) {
    const User user = current_user();
    const auto uids = TRY(read_subids(options.subuid_file, user));
    const auto gids = TRY(read_subids(options.subgid_file, user));
    const MapHelpers helpers = TRY(find_map_helpers());
    const std::string init = TRY(find_init(options));
    auto newborn = TRY(start_holder(init, -1));
    const pid_t pid = newborn.process.pid();
    TRY(check_not_confined(pid));
    TRY(write_maps(helpers, pid, make_id_map(user.uid, uids), make_id_map(user.gid, gids)));
    return keep(std::move(newborn), init, run_root);
}

// The user namespace of a container that still runs, when the holder alone was killed: a new one
// could neither exec into that container nor remove its files' mounts.
Result<Hold> make_successor(const HoldOptions& options, int run_root, const Hold& survivor) {
    const std::string init = TRY(find_init(options));
    auto newborn = TRY(start_holder(init, survivor.pidfd.get()));
    return keep(std::move(newborn), init, run_root);
}

Result<Hold> find_survivor(const HoldOptions& options) {
    struct stat own {};

    if (!options.survivors || ::stat("/proc/self/ns/user", &own) != 0) {
        return make_error(ErrorKind::NotFound, "no survivor");
    }
    for (const ProcessIdentity& identity : options.survivors()) {
        if (!is_alive(identity)) continue;
        auto survivor = describe_holder(identity.pid);
        if (survivor && survivor->identity == identity && survivor->user_ns != own.st_ino) {
            return survivor;
        }
    }
    return make_error(ErrorKind::NotFound, "no survivor");
}

}  // namespace

Result<Hold> find_hold(const std::string& run_root) {
    const auto text = TRY(read_file_at(AT_FDCWD, run_root + "/" + kHoldFile, 512));
    auto hold = TRY(parse_hold(text));
    hold.pidfd = TRY(open_process(hold.identity));
    // One that has ended but was not reaped yet still has its /proc entry.
    if (TRY(wait_for_end(hold.pidfd.get(), std::chrono::milliseconds(0)))) {
        return make_error(ErrorKind::NotFound, "the process that held the namespaces has ended");
    }
    return hold;
}

Result<Hold> ensure_hold(const HoldOptions& options) {
    if (auto hold = find_hold(options.run_root)) return hold;
    const auto run_root = TRY(open_private_folder(options.run_root));
    const auto lock =
        TRY(FileLock::acquire_at(run_root.get(), "hold.lock", FileLock::Mode::Exclusive));
    if (auto hold = find_hold(options.run_root)) return hold;
    if (auto survivor = find_survivor(options)) {
        auto successor = make_successor(options, run_root.get(), *survivor);
        if (successor) return successor;
    }
    return make_new(options, run_root.get());
}

}  // namespace dhow::rootless
