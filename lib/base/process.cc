// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include "base/file.h"
#include "base/text.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace dhow {

int WaitStatus::exit_code() const {
    switch (kind) {
        case Kind::Exited:
            return value;
        case Kind::Signaled:
            return 128 + value;
        case Kind::Unknown:
            return 255;
    }
    return 255;
}

const std::string& boot_id() {
    static const std::string id = [] {
        auto text = read_file_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64);
        return text ? std::string(trim(*text)) : std::string("unknown");
    }();
    return id;
}

// /proc/PID/stat (proc(5)) from its third field on. The command name in field 2 may hold blanks and
// parentheses: counting begins after the last ')'.
static Result<std::vector<std::string>> stat_fields(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const auto stat = TRY(read_file_at(AT_FDCWD, path, 4096));
    const size_t close = stat.rfind(')');
    if (close == std::string::npos || close + 2 >= stat.size()) {
        return make_error(ErrorKind::Corrupt, "unreadable " + path);
    }
    return split(std::string_view(stat).substr(close + 2), ' ');
}

// `number`: as proc(5) counts the fields.
template <class Number>
static Result<Number> stat_field(pid_t pid, size_t number) {
    const auto fields = TRY(stat_fields(pid));
    const auto value = number - 3 < fields.size() ? parse_int<Number>(fields[number - 3])
                                                  : std::optional<Number>();
    if (value) return *value;
    return make_error(ErrorKind::Corrupt, "unreadable /proc/" + std::to_string(pid) + "/stat");
}

Result<uint64_t> process_start_time(pid_t pid) {
    return stat_field<uint64_t>(pid, 22);
}

Result<pid_t> parent_process(pid_t pid) {
    return stat_field<pid_t>(pid, 4);
}

Result<ProcessIdentity> identify(pid_t pid) {
    return ProcessIdentity{
        .pid = pid, .start_time = TRY(process_start_time(pid)), .boot_id = boot_id()};
}

Result<UniqueFd> open_pidfd(pid_t pid) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) {
        const int saved = errno;
        auto error = system_error("open process " + std::to_string(pid), saved);
        if (saved == ESRCH) error.kind = ErrorKind::NotFound;
        return error;
    }
    return fd;
}

Result<UniqueFd> open_process(const ProcessIdentity& identity) {
    const auto gone = [&] {
        return make_error(ErrorKind::NotFound,
                          "process " + std::to_string(identity.pid) + " is gone");
    };
    if (identity.pid <= 0 || identity.boot_id != boot_id()) return gone();
    auto pidfd = TRY(open_pidfd(identity.pid));
    // The pidfd is held before the start time is read: a match means it is this process's.
    const auto start = process_start_time(identity.pid);
    if (!start || *start != identity.start_time) return gone();
    return pidfd;
}

bool is_alive(const ProcessIdentity& identity) {
    auto pidfd = open_process(identity);
    if (!pidfd) return false;
    const auto ended = wait_for_end(pidfd->get(), std::chrono::milliseconds(0));
    return ended && !*ended;
}

Status signal_process(int pidfd, int signal) {
    if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return {};
    const int saved = errno;
    auto error = system_error("send signal " + std::to_string(signal), saved);
    if (saved == ESRCH) error.kind = ErrorKind::NotFound;
    return error;
}

Result<bool> wait_for_end(int pidfd, std::optional<std::chrono::milliseconds> timeout) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + timeout.value_or(std::chrono::milliseconds(0));
    while (true) {
        int wait_ms = -1;
        if (timeout) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
            wait_ms = left.count() > 0 ? static_cast<int>(left.count()) : 0;
        }
        pollfd poll_fd{.fd = pidfd, .events = POLLIN, .revents = 0};
        const int ready = ::poll(&poll_fd, 1, wait_ms);
        if (ready > 0) return true;
        if (ready == 0) return false;
        if (errno != EINTR) return system_error("wait for process");
    }
}

Result<WaitStatus> reap(int pidfd) {
    siginfo_t info{};
    while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, WEXITED) !=
           0) {
        if (errno != EINTR) return system_error("wait for child");
    }
    if (info.si_code == CLD_EXITED) {
        return WaitStatus{.kind = WaitStatus::Kind::Exited, .value = info.si_status};
    }
    return WaitStatus{.kind = WaitStatus::Kind::Signaled, .value = info.si_status};
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)) {}

Child& Child::operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(pidfd_, other.pidfd_);
    return *this;
}

Child::~Child() {
    if (pid_ == 0 || !pidfd_) return;
    ignore(signal_process(pidfd_.get(), SIGKILL), "may have ended already");
    ignore(reap(pidfd_.get()), "nobody is left to tell");
}

Result<WaitStatus> Child::wait() {
    auto status = TRY(reap(pidfd_.get()));
    pid_ = 0;
    return status;
}

void assert_single_threaded() {
    const auto tasks = list_dir_at(AT_FDCWD, "/proc/self/task");
    if (tasks && tasks->size() != 1) {
        std::fputs("dhow: clone in a process with threads\n", stderr);
        std::abort();
    }
}

Result<std::string> executable_dir() {
    const auto path = TRY(read_link_at(AT_FDCWD, "/proc/self/exe"));
    return path.substr(0, path.rfind('/'));
}

Result<std::string> find_helper(const std::string& name) {
    const std::string here = TRY(executable_dir());
    // A build's one folder; from bin to libexec; and from libexec/dhow, where dhow-api is, to bin.
    for (const char* place : {"/", "/../libexec/dhow/", "/../../bin/"}) {
        std::string candidate = here + place + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return make_error(ErrorKind::NotFound,
                      "program '" + name + "' is missing beside '" + here + "'",
                      "install dhow again");
}

Result<std::string> find_program(const std::string& name, std::string_view path_list) {
    if (name.find('/') != std::string::npos) return name;
    for (const std::string& folder : split(path_list, ':')) {
        if (folder.empty()) continue;
        std::string candidate = folder + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return make_error(ErrorKind::NotFound,
                      "program '" + name + "' not found in '" + std::string(path_list) + "'");
}

}  // namespace dhow
