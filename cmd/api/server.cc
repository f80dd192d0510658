// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/server.h"

#include "base/event_loop.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "cmd/api/connection.h"

#include <csignal>
#include <cstdlib>
#include <set>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow::api {

namespace {

constexpr size_t kMaxConnections = 512;

void set_default_signals() {
    struct sigaction plain {};

    plain.sa_handler = SIG_DFL;
    for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) ::sigaction(signal, &plain, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

class Server {
  public:
    Server(const ServerOptions& options, std::vector<UniqueFd> listeners, EventLoop& loop)
        : options_(options), listeners_(std::move(listeners)), loop_(loop) {}

    Status run() {
        TRY(loop_.add_signals({SIGTERM, SIGINT, SIGCHLD},
                              [this](int signal) { on_signal(signal); }));
        for (const UniqueFd& listener : listeners_) {
            const int fd = listener.get();
            TRY(loop_.add(fd, EPOLLIN, [this, fd](uint32_t) { on_connection(fd); }));
        }
        wait_idly();
        return loop_.run();
    }

  private:
    void on_signal(int signal) {
        if (signal != SIGCHLD) return loop_.stop();
        siginfo_t info{};
        while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
            children_.erase(info.si_pid);
            info = {};
        }
        if (children_.empty()) wait_idly();
    }

    void on_connection(int listener) {
        auto socket = accept_unix(listener);
        if (!socket) return;
        const auto peer = peer_credentials(socket->get());
        const bool ours = peer && (peer->uid == ::geteuid() || peer->uid == 0);
        // A full house lets nobody in: the peer sees its connection close, and comes again.
        if (!ours || children_.size() >= kMaxConnections) return;
        const pid_t pid = ::fork();
        if (pid == 0) become_connection(socket.take());
        if (pid < 0) return;
        children_.insert(pid);
        if (idle_timer_) loop_.cancel_timer(*std::exchange(idle_timer_, std::nullopt));
    }

    // In the child, which has all memory of the parent and must not touch its loop: it ends here.
    [[noreturn]] void become_connection(UniqueFd socket) {
        set_default_signals();
        listeners_.clear();
        serve_connection(std::move(socket), options_.engine);
        ::_exit(0);
    }

    void wait_idly() {
        if (!options_.idle || idle_timer_) return;
        idle_timer_ = loop_.add_timer(*options_.idle, [this] { loop_.stop(); });
    }

    const ServerOptions& options_;
    std::vector<UniqueFd> listeners_;
    EventLoop& loop_;
    std::set<pid_t> children_;
    std::optional<EventLoop::TimerId> idle_timer_;
};

// A socket file that nobody serves is what a killed service left, and is taken.
Result<UniqueFd> listen_at(const std::string& path) {
    const size_t slash = path.rfind('/');
    const std::string folder = slash == 0 ? "/" : path.substr(0, slash);
    const std::string name = path.substr(slash + 1);
    const std::string what = "listen at '" + path + "'";
    const auto dir = TRY_CONTEXT(open_dir_at(AT_FDCWD, folder), what);
    if (connect_unix_at(dir.get(), name, SocketType::Stream)) {
        return make_error(ErrorKind::Conflict,
                          what + ": another service is there",
                          "end it, or give another address");
    }
    return listen_unix_at(dir.get(), name, SocketType::Stream);
}

int environment_number(const char* name) {
    const char* text = ::secure_getenv(name);
    return text == nullptr ? 0 : parse_int<int>(text).value_or(0);
}

}  // namespace

std::vector<UniqueFd> take_activation_sockets() {
    constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
    std::vector<UniqueFd> sockets;
    const int count = environment_number("LISTEN_FDS");
    if (environment_number("LISTEN_PID") != ::getpid()) return sockets;
    for (int fd = kFirst; fd < kFirst + count; ++fd) {
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        sockets.emplace_back(fd);
    }
    for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) ::unsetenv(name);
    return sockets;
}

Status serve(const ServerOptions& options, std::vector<UniqueFd> listeners) {
    if (listeners.empty()) listeners.push_back(TRY(listen_at(options.listen_path)));
    auto loop = TRY(EventLoop::create());
    const bool own_file = !options.listen_path.empty();
    auto ended = Server(options, std::move(listeners), loop).run();
    if (own_file)
        ignore(remove_file_at(AT_FDCWD, options.listen_path), "a dead socket harms nobody");
    return ended;
}

}  // namespace dhow::api
