// SPDX-License-Identifier: Apache-2.0
#include "cmd/forward/tcp_relay.h"

#include <array>
#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace dhow::forward {

namespace {

constexpr size_t kChunk = 65536;  // a pipe's default capacity
constexpr auto kPause = std::chrono::milliseconds(100);

// Bytes on their way from one socket to the other.
struct Flow {
    int from = -1;
    int to = -1;
    UniqueFd pipe_read;
    UniqueFd pipe_write;
    size_t waiting = 0;  // bytes in the pipe
    bool ended = false;  // `from` has no more
    bool told = false;   // and `to` knows
    bool failed = false;

    [[nodiscard]] bool wants_read() const { return !ended && waiting < kChunk; }

    [[nodiscard]] bool wants_write() const { return waiting > 0; }
};

Status open_pipe(Flow& flow) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return system_error("create pipe");
    flow.pipe_read.reset(ends[0]);
    flow.pipe_write.reset(ends[1]);
    return {};
}

bool is_again(int code) {
    return code == EAGAIN || code == EINTR;
}

// True when anything moved.
bool fill(Flow& flow) {
    if (!flow.wants_read()) return false;
    const ssize_t got = ::splice(flow.from,
                                 nullptr,
                                 flow.pipe_write.get(),
                                 nullptr,
                                 kChunk - flow.waiting,
                                 SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (got > 0) flow.waiting += static_cast<size_t>(got);
    if (got == 0) flow.ended = true;
    if (got < 0 && !is_again(errno)) flow.failed = true;
    return got >= 0;
}

bool drain(Flow& flow) {
    if (!flow.wants_write()) return false;
    const ssize_t put = ::splice(flow.pipe_read.get(),
                                 nullptr,
                                 flow.to,
                                 nullptr,
                                 flow.waiting,
                                 SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (put > 0) flow.waiting -= static_cast<size_t>(put);
    if (put < 0 && !is_again(errno)) flow.failed = true;
    return put > 0;
}

// Moves what can be moved; false when it stopped early, because one busy connection must not starve
// the others.
bool pump(Flow& flow) {
    constexpr int kRounds = 16;
    bool moved = true;
    for (int round = 0; round < kRounds && moved && !flow.failed; ++round) {
        const bool filled = fill(flow);
        const bool drained = drain(flow);
        moved = filled || drained;
    }
    if (flow.ended && flow.waiting == 0 && !flow.told && !flow.failed) {
        ::shutdown(flow.to, SHUT_WR);
        flow.told = true;
    }
    return !moved || flow.told || flow.failed;
}

}  // namespace

struct TcpRelay::Connection {
    UniqueFd client;
    UniqueFd server;
    bool connected = false;
    Flow upward;                    // client to server
    Flow downward;                  // server to client
    EventLoop::TimerId resume = 0;  // when it stopped early

    [[nodiscard]] bool over() const {
        return upward.failed || downward.failed || (upward.told && downward.told);
    }
};

TcpRelay::TcpRelay(EventLoop& loop, int listener, const Endpoint& target)
    : loop_(loop), listener_(listener), target_(target) {}

TcpRelay::~TcpRelay() {
    while (!connections_.empty()) close_connection(connections_.begin());
    loop_.remove(listener_);
}

Status TcpRelay::start() {
    return loop_.add(listener_, EPOLLIN, [this](uint32_t) { accept_all(); });
}

void TcpRelay::accept_all() {
    constexpr int kBatch = 64;
    for (int i = 0; i < kBatch; ++i) {
        UniqueFd client(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!client) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) pause_accepting();
            return;
        }
        // A refused or failed one is closed: what its client sees is what a direct one would.
        ignore(open_connection(std::move(client)), "the client is told by the closed connection");
    }
}

// Out of descriptors: the queue waits in the kernel instead of spinning here.
void TcpRelay::pause_accepting() {
    ignore(loop_.change(listener_, 0), "at worst accept() fails again");
    loop_.add_timer(kPause, [this] {
        ignore(loop_.change(listener_, EPOLLIN), "the listener was added in start()");
    });
}

Status TcpRelay::open_connection(UniqueFd client) {
    auto connection = std::make_unique<Connection>();
    connection->client = std::move(client);
    connection->server.reset(
        ::socket(target_.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!connection->server) return system_error("open a socket");
    const int server = connection->server.get();
    const int on = 1;
    ::setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(connection->client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(server, target_.raw(), target_.size) != 0 && errno != EINPROGRESS) {
        return system_error("connect to the container");
    }
    connection->upward.from = connection->downward.to = connection->client.get();
    connection->upward.to = connection->downward.from = server;
    TRY(open_pipe(connection->upward));
    TRY(open_pipe(connection->downward));

    connections_.push_front(std::move(connection));
    const Position position = connections_.begin();
    // Edge-triggered, always for both directions: nothing to change later, and a side that has hung
    // up does not wake us again and again while the other still takes its bytes.
    constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    const auto handler = [this, position](uint32_t) { advance(position); };
    auto added = loop_.add(server, kEvents, handler);
    if (added) added = loop_.add((*position)->client.get(), kEvents, handler);
    if (!added) close_connection(position);
    return added;
}

void TcpRelay::advance(Position position) {
    Connection& connection = **position;
    if (!connection.connected) {
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(connection.server.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        sockaddr_storage peer{};
        socklen_t peer_size = sizeof peer;
        auto* raw = reinterpret_cast<sockaddr*>(&peer);
        if (error != 0) return close_connection(position);
        if (::getpeername(connection.server.get(), raw, &peer_size) != 0) return;
        connection.connected = true;
    }
    const bool up_done = pump(connection.upward);
    const bool down_done = pump(connection.downward);
    if (connection.over()) return close_connection(position);
    if ((up_done && down_done) || connection.resume != 0) return;
    connection.resume = loop_.add_timer({}, [this, position] {
        (*position)->resume = 0;
        advance(position);
    });
}

void TcpRelay::close_connection(Position position) {
    Connection& connection = **position;
    if (connection.resume != 0) loop_.cancel_timer(connection.resume);
    loop_.remove(connection.client.get());
    loop_.remove(connection.server.get());
    // A failure on one side is a reset on the other, not a clean end.
    if (connection.upward.failed || connection.downward.failed) {
        const linger reset{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(connection.client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        ::setsockopt(connection.server.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    connections_.erase(position);
}

}  // namespace dhow::forward
