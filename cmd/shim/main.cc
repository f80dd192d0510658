// SPDX-License-Identifier: Apache-2.0
// dhow-shim: supervises one container from start to end (lib/shim/supervisor.h). Started by the
// engine with its config on fd 3 and a socket to the launcher on fd 4; not for people to call.
#include "base/event_loop.h"
#include "base/file.h"
#include "base/process.h"
#include "shim/supervisor.h"

#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

using dhow::Result;
using dhow::UniqueFd;
using dhow::shim::ShimConfig;

namespace {

Result<ShimConfig> read_config() {
    const UniqueFd fd(dhow::shim::kConfigFd);
    return dhow::shim::decode_config(TRY(dhow::read_all(fd.get())));
}

UniqueFd take_inherited(int fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    return UniqueFd(fd);
}

std::vector<UniqueFd> take_clients(int count) {
    std::vector<UniqueFd> clients;
    for (int i = 0; i < count; ++i) {
        clients.push_back(take_inherited(dhow::shim::kFirstClientFd + i));
    }
    return clients;
}

void set_signal_action(int signal, void (*action)(int)) {
    struct sigaction chosen {};

    chosen.sa_handler = action;
    ::sigaction(signal, &chosen, nullptr);
}

// The shim's last act. Its own end, with the container's exit code, is what systemd waits for.
void run_exit_command(const ShimConfig& config) {
    if (config.exit_command.empty()) return;
    auto command = dhow::spawn({.program = config.exit_command.front(),
                                .argv = config.exit_command,
                                .env = config.keep_env});
    if (command) dhow::ignore(command->wait(), "the next command of the user clears up instead");
}

Result<int> supervise() {
    const auto config = TRY(read_config());
    auto start_socket = take_inherited(dhow::shim::kStartFd);
    auto clients = take_clients(config.initial_clients);
    ::prctl(PR_SET_NAME, "dhow-shim");
    set_signal_action(SIGPIPE, SIG_IGN);
    set_signal_action(SIGHUP, SIG_IGN);
    auto loop = TRY(dhow::EventLoop::create());
    bool unclean = false;
    int exit_code = 0;
    {
        dhow::shim::Supervisor supervisor(config, loop);
        unclean = supervisor.run(std::move(start_socket), std::move(clients));
        exit_code = supervisor.exit_code();
    }
    if (unclean) run_exit_command(config);
    return exit_code;
}

}  // namespace

int main() {
    ::mallopt(M_ARENA_MAX, 1);
    ::mallopt(M_TOP_PAD, 0);
    if (::fcntl(dhow::shim::kConfigFd, F_GETFD) < 0) {
        std::fputs("dhow-shim is started by dhow, not by hand\n", stderr);
        return 125;
    }
    const auto result = supervise();
    return result ? *result : 125;
}
