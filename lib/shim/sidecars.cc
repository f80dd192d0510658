// SPDX-License-Identifier: Apache-2.0
#include "shim/sidecars.h"

#include "base/file.h"
#include "base/text.h"

#include <csignal>

#include <fcntl.h>

namespace dhow::shim {

namespace {

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

SpawnOptions call_of(const Sidecar& sidecar, const std::vector<std::string>& env) {
    SpawnOptions options;
    options.program = sidecar.argv.front();
    options.argv = sidecar.argv;
    options.env = env;
    options.null_stdin = !sidecar.daemonizes;
    return options;
}

// Ready when it has forked away; what it printed until then is its error.
Result<UniqueFd> start_daemon(const Sidecar& sidecar, const std::vector<std::string>& env) {
    const auto result = TRY(run_captured(call_of(sidecar, env)));
    const std::string name = base_name(sidecar.argv.front());
    if (!result.status.success()) {
        return make_error(
            ErrorKind::Unavailable,
            name + ": " + printable(trim(result.err.empty() ? result.out : result.err)));
    }
    const auto text = TRY(read_file_at(AT_FDCWD, sidecar.pid_file, 64));
    const auto pid = parse_int<pid_t>(trim(text));
    if (!pid) return make_error(ErrorKind::Internal, name + " wrote no pid");
    return open_pidfd(*pid);
}

Result<UniqueFd> start_child(const Sidecar& sidecar, const std::vector<std::string>& env) {
    auto options = call_of(sidecar, env);
    const auto null = TRY(open_at(AT_FDCWD, "/dev/null", O_RDWR));
    options.fds = {{null.get(), 1}, {null.get(), 2}};
    auto child = TRY(spawn(options));
    auto pidfd = TRY(open_pidfd(child.pid()));
    child.detach();  // the supervisor reaps every child
    return pidfd;
}

}  // namespace

Status Sidecars::start(const std::vector<Sidecar>& wanted, const std::vector<std::string>& env) {
    for (const Sidecar& sidecar : wanted) {
        auto pidfd = sidecar.daemonizes ? start_daemon(sidecar, env) : start_child(sidecar, env);
        if (!pidfd) {
            stop();
            return pidfd.error();
        }
        pidfds_.push_back(pidfd.take());
    }
    return {};
}

void Sidecars::stop() {
    for (const UniqueFd& pidfd : pidfds_) {
        ignore(signal_process(pidfd.get(), SIGKILL), "it may have ended by itself");
    }
    pidfds_.clear();
}

}  // namespace dhow::shim
