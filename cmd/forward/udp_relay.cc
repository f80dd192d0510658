// SPDX-License-Identifier: Apache-2.0
#include "cmd/forward/udp_relay.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace dhow::forward {

namespace {

constexpr size_t kMaxDatagram = 65536;
constexpr int kBatch = 64;

}  // namespace

UdpRelay::UdpRelay(EventLoop& loop, int socket, const Endpoint& target, UdpLimits limits)
    : loop_(loop), socket_(socket), target_(target), limits_(limits) {}

UdpRelay::~UdpRelay() {
    while (!clients_.empty()) forget(clients_.begin());
    if (sweep_timer_ != 0) loop_.cancel_timer(sweep_timer_);
    loop_.remove(socket_);
}

Status UdpRelay::start() {
    return loop_.add(socket_, EPOLLIN, [this](uint32_t) { receive_from_clients(); });
}

void UdpRelay::receive_from_clients() {
    std::array<char, kMaxDatagram> buffer;  // NOLINT: filled by recvfrom
    for (int i = 0; i < kBatch; ++i) {
        Endpoint from;
        from.size = sizeof from.bytes;
        auto* raw = reinterpret_cast<sockaddr*>(&from.bytes);
        const ssize_t got = ::recvfrom(socket_, buffer.data(), buffer.size(), 0, raw, &from.size);
        if (got < 0) return;
        const std::string key(reinterpret_cast<const char*>(&from.bytes), from.size);
        const auto client = find_or_add(key, from);
        if (!client) continue;  // a datagram may always be lost
        (*client)->last = EventLoop::Clock::now();
        ::send((*client)->socket.get(), buffer.data(), static_cast<size_t>(got), MSG_DONTWAIT);
    }
}

void UdpRelay::receive_from_container(const std::string& key) {
    const auto found = clients_.find(key);
    if (found == clients_.end()) return;
    std::array<char, kMaxDatagram> buffer;  // NOLINT: filled by recv
    Client& client = found->second;
    for (int i = 0; i < kBatch; ++i) {
        const ssize_t got = ::recv(client.socket.get(), buffer.data(), buffer.size(), 0);
        // ECONNREFUSED, nobody listens in the container: reported once, then waited for again.
        if (got < 0) return;
        client.last = EventLoop::Clock::now();
        ::sendto(socket_,
                 buffer.data(),
                 static_cast<size_t>(got),
                 MSG_DONTWAIT,
                 client.address.raw(),
                 client.address.size);
    }
}

Result<UdpRelay::Client*> UdpRelay::find_or_add(const std::string& key, const Endpoint& address) {
    const auto found = clients_.find(key);
    if (found != clients_.end()) return &found->second;
    if (clients_.size() >= limits_.clients) forget_oldest();
    Client client{.address = address, .last = EventLoop::Clock::now()};
    client.socket.reset(::socket(target_.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!client.socket) return system_error("open a socket");
    if (::connect(client.socket.get(), target_.raw(), target_.size) != 0) {
        return system_error("connect to the container");
    }
    TRY(loop_.add(
        client.socket.get(), EPOLLIN, [this, key](uint32_t) { receive_from_container(key); }));
    if (sweep_timer_ == 0) sweep_timer_ = loop_.add_timer(limits_.silence, [this] { sweep(); });
    return &clients_.emplace(key, std::move(client)).first->second;
}

void UdpRelay::forget(Clients::iterator client) {
    loop_.remove(client->second.socket.get());
    clients_.erase(client);
}

void UdpRelay::forget_oldest() {
    const auto oldest =
        std::min_element(clients_.begin(), clients_.end(), [](const auto& a, const auto& b) {
            return a.second.last < b.second.last;
        });
    if (oldest != clients_.end()) forget(oldest);
}

void UdpRelay::sweep() {
    sweep_timer_ = 0;
    const auto limit = EventLoop::Clock::now() - limits_.silence;
    for (auto client = clients_.begin(); client != clients_.end();) {
        const auto next = std::next(client);
        if (client->second.last <= limit) forget(client);
        client = next;
    }
    if (!clients_.empty()) {
        sweep_timer_ = loop_.add_timer(limits_.silence, [this] { sweep(); });
    }
}

}  // namespace dhow::forward
