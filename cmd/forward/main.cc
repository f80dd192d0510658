// SPDX-License-Identifier: Apache-2.0
// dhow-forward: published ports of a container whose network an ordinary user's host cannot route
// to. Lives beside the container's shim and dies by its hand. Listens in the host's network
// namespace, then enters the container's for good and connects there.
#include "base/file.h"
#include "base/process.h"
#include "cmd/forward/listen.h"
#include "cmd/forward/tcp_relay.h"
#include "cmd/forward/udp_relay.h"
#include "rootless/enter.h"

#include <array>
#include <cstdio>
#include <cstring>
#include <list>
#include <memory>

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace dhow::forward {

namespace {

// slirp4netns is ready when its interface is up; it has no other way to say so without a pipe.
Status wait_for_interface(const std::string& name) {
    constexpr int kAttempts = 2500;
    constexpr useconds_t kPause = 2000;
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    if (!socket || name.size() >= sizeof request.ifr_name) return system_error("open a socket");
    name.copy(request.ifr_name, name.size());
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0 &&
            (request.ifr_flags & IFF_UP) != 0 &&
            ::ioctl(socket.get(), SIOCGIFADDR, &request) == 0) {
            return {};
        }
        ::usleep(kPause);
    }
    return make_error(ErrorKind::Timeout,
                      "interface '" + name + "' did not appear in the container's network");
}

// Four descriptors of pipes and two sockets a connection.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The parent answers for the start: it ends, with the pid written, when all is ready.
Status leave_parent(const std::string& pid_file) {
    const pid_t pid = ::fork();
    if (pid < 0) return system_error("fork");
    if (pid > 0) {
        const auto written =
            replace_file_at(AT_FDCWD, pid_file, std::to_string(pid) + "\n", 0600, Durability::None);
        ::_exit(written ? 0 : 1);
    }
    ::setsid();
    const auto null = TRY(open_at(AT_FDCWD, "/dev/null", O_RDWR));
    for (const int fd : {0, 1, 2}) {
        if (::dup2(null.get(), fd) < 0) return system_error("let go of the terminal");
    }
    if (::chdir("/") != 0) return system_error("let go of the working folder");
    return {};
}

Status relay(std::vector<Listener>& listeners) {
    auto loop = TRY(EventLoop::create());
    std::list<TcpRelay> streams;
    std::list<UdpRelay> datagrams;
    for (const Listener& listener : listeners) {
        const int socket = listener.socket.get();
        if (listener.tcp) {
            TRY(streams.emplace_back(loop, socket, listener.target).start());
        } else {
            TRY(datagrams.emplace_back(loop, socket, listener.target).start());
        }
    }
    return loop.run();
}

Status run(const std::vector<std::string_view>& words) {
    const auto arguments = TRY(parse_arguments(words));
    auto listeners = TRY(open_listeners(arguments.mappings));
    {
        const auto netns = TRY(open_at(AT_FDCWD, arguments.netns, O_RDONLY));
        TRY(rootless::join_namespace(
            netns.get(), CLONE_NEWNET, "enter network namespace '" + arguments.netns + "'"));
    }
    if (!arguments.wait_for.empty()) TRY(wait_for_interface(arguments.wait_for));
    raise_descriptor_limit();
    TRY(leave_parent(arguments.pid_file));
    return relay(listeners);
}

}  // namespace

}  // namespace dhow::forward

int main(int argc, char** argv) {
    struct sigaction ignored {};

    ignored.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignored, nullptr);
    const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const dhow::Status done = dhow::forward::run(words);
    if (done) return 0;
    std::fprintf(stderr, "%s\n", done.error().message.c_str());
    return 1;
}
