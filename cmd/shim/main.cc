// SPDX-License-Identifier: Apache-2.0
// dhow-shim: supervises one container from start to end (lib/shim/supervisor.h). Started by the
// engine with its config on fd 3 and a socket to the launcher on fd 4; not for people to call.
#include "base/event_loop.h"
#include "base/file.h"
#include "shim/supervisor.h"

#include <csignal>
#include <cstdio>

#include <fcntl.h>
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

void close_on_exec(int fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

std::vector<UniqueFd> take_clients(int count) {
    std::vector<UniqueFd> clients;
    for (int i = 0; i < count; ++i) {
        clients.emplace_back(dhow::shim::kFirstClientFd + i);
        close_on_exec(clients.back().get());
    }
    return clients;
}

// The shim's last act: it becomes the command that removes the container.
void become_exit_command(const ShimConfig& config) {
    if (config.exit_command.empty()) return;
    std::vector<char*> argv;
    for (const std::string& word : config.exit_command)
        argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    std::vector<char*> env;
    for (const std::string& entry : config.keep_env)
        env.push_back(const_cast<char*>(entry.c_str()));
    env.push_back(nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(argv.front(), argv.data(), env.data());
}

Result<int> supervise() {
    const auto config = TRY(read_config());
    UniqueFd start_socket(dhow::shim::kStartFd);
    close_on_exec(start_socket.get());
    ::prctl(PR_SET_NAME, "dhow-shim");
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
    auto loop = TRY(dhow::EventLoop::create());
    bool leave_to_command = false;
    {
        dhow::shim::Supervisor supervisor(config, loop);
        TRY(supervisor.run(std::move(start_socket), take_clients(config.initial_clients)));
        leave_to_command = supervisor.needs_exit_command();
    }
    if (leave_to_command) become_exit_command(config);
    return 0;
}

}  // namespace

int main(int argc, char** /*argv*/) {
    if (argc > 0 && ::fcntl(dhow::shim::kConfigFd, F_GETFD) < 0) {
        std::fputs("dhow-shim is started by dhow, not by hand\n", stderr);
        return 125;
    }
    const auto result = supervise();
    return result ? *result : 125;
}
