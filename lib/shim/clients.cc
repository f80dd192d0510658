// SPDX-License-Identifier: Apache-2.0
#include "shim/clients.h"

#include "base/error_wire.h"
#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "shim/stdio.h"

#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dhow::shim {

namespace {

constexpr size_t kMaxQueue = 1U << 20U;  // bytes a client may be behind
constexpr size_t kResumeQueue = 1U << 18U;
constexpr size_t kMaxClients = 256;

// "<first> <second>", both whole numbers.
bool parse_pair(std::string_view text, int& first, int& second) {
    const auto [left, right] = split_once(text, ' ');
    const auto a = parse_int<int>(left);
    const auto b = right ? parse_int<int>(*right) : std::nullopt;
    if (!a || !b) return false;
    first = *a;
    second = *b;
    return true;
}

}  // namespace

Clients::~Clients() {
    while (!clients_.empty()) {
        loop_.remove(clients_.begin()->first);
        clients_.erase(clients_.begin());
    }
    if (listener_) loop_.remove(listener_.get());
}

Status Clients::listen(int run_dir) {
    listener_ = TRY(listen_unix_at(run_dir, std::string(kSocketName), SocketType::Packet));
    TRY(set_non_blocking(listener_.get()));
    return loop_.add(listener_.get(), EPOLLIN, [this](uint32_t) { on_listener(); });
}

void Clients::stop_listening(int run_dir) {
    ignore(remove_file_at(run_dir, std::string(kSocketName)), "its listener is gone anyway");
    if (!listener_) return;
    loop_.remove(listener_.get());
    listener_.reset();
}

Status Clients::adopt(UniqueFd socket, bool launcher) {
    auto client = std::make_unique<Client>();
    client->socket = std::move(socket);
    client->flags = kAttachStdin | kAttachStdout | kAttachStderr;
    client->begun = true;
    client->launcher = launcher;
    client->lossless = true;
    if (launcher) launcher_fd_ = client->socket.get();
    return add(std::move(client));
}

Status Clients::add(std::unique_ptr<Client> client) {
    const int fd = client->socket.get();
    TRY(set_non_blocking(fd));
    TRY(loop_.add(fd, EPOLLIN, [this, fd](uint32_t events) { on_event(fd, events); }));
    clients_[fd] = std::move(client);
    return {};
}

// What a client is listened to for follows from its queue and from whether stdin is held.
void Clients::watch(const Client& client) {
    const bool held = input_held_ && (client.flags & kAttachStdin) != 0;
    const uint32_t reading = held ? 0U : uint32_t{EPOLLIN};
    const uint32_t writing = client.queue.empty() ? 0U : uint32_t{EPOLLOUT};
    ignore(loop_.change(client.socket.get(), reading | writing), "it is watched already");
}

void Clients::hold_input(bool held) {
    if (held == input_held_) return;
    input_held_ = held;
    for (const auto& [fd, client] : clients_) watch(*client);
}

void Clients::on_listener() {
    while (listener_) {
        auto socket = accept_unix(listener_.get());
        if (!socket) return;
        // The folder is 0700 already; this holds even where somebody opened it up.
        const auto peer = peer_credentials(socket->get());
        const bool ours = peer && (peer->uid == ::geteuid() || peer->uid == 0);
        if (!ours || clients_.size() >= kMaxClients) continue;
        auto client = std::make_unique<Client>();
        client->socket = socket.take();
        ignore(add(std::move(client)), "a client that cannot be watched is closed");
    }
}

void Clients::on_event(int fd, uint32_t events) {
    const auto found = clients_.find(fd);
    if (found == clients_.end()) return;
    Client& client = *found->second;
    bool alive = true;
    if ((events & EPOLLOUT) != 0) flush(client);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) alive = read_packet(client);
    if (!alive) drop(fd);
}

bool Clients::read_packet(Client& client) {
    auto message = receive_message(client.socket.get(), kMaxPacket);
    if (!message) {
        // ECONNRESET is told once, where the client left output unread: its own packets come after.
        return message.error().sys_errno == EAGAIN || message.error().sys_errno == ECONNRESET;
    }
    if (message->bytes.empty()) return false;
    return handle(client,
                  Packet{.type = static_cast<PacketType>(message->bytes.front()),
                         .payload = message->bytes.substr(1)});
}

// False: the client is to be dropped.
bool Clients::handle(Client& client, const Packet& packet) {
    if (!client.begun) return begin(client, packet);
    const bool feeds = (client.flags & kAttachStdin) != 0;
    int first = 0;
    int second = 0;
    switch (packet.type) {
        case PacketType::Stdin:
            if (feeds) handler_.on_stdin(packet.payload);
            return true;
        case PacketType::StdinEnd:
            if (feeds) handler_.on_stdin_end();
            return true;
        case PacketType::Resize:
            if (!parse_pair(packet.payload, first, second) || first < 0 || second < 0) return false;
            handler_.on_resize(static_cast<unsigned>(first), static_cast<unsigned>(second));
            return true;
        case PacketType::Attach:
            // Somebody who was there before the start says what they want of it.
            if (packet.payload.size() != 1) return false;
            client.flags = static_cast<uint8_t>(packet.payload.front());
            watch(client);
            return true;
        case PacketType::Cleaned:
            if (client.launcher) handler_.on_cleaned();
            return true;
        default:
            return false;
    }
}

bool Clients::begin(Client& client, const Packet& packet) {
    client.begun = true;
    int first = 0;
    int second = 0;
    switch (packet.type) {
        case PacketType::Attach:
            if (packet.payload.size() != 1) return false;
            client.flags = static_cast<uint8_t>(packet.payload.front());
            watch(client);
            return true;
        case PacketType::Wait:
            return true;
        case PacketType::Signal:
            first = parse_int<int>(packet.payload).value_or(0);
            if (first < 1 || first >= NSIG) return false;
            answer(client, handler_.on_signal(first));
            return true;
        case PacketType::Stop:
            if (!parse_pair(packet.payload, first, second) || first < 1 || first >= NSIG) {
                return false;
            }
            answer(client, handler_.on_stop(first, second));
            return true;
        default:
            return false;
    }
}

void Clients::answer(Client& client, const Status& status) {
    if (status) {
        send(client, std::string(1, static_cast<char>(PacketType::Ok)));
    } else {
        send(client, static_cast<char>(PacketType::Failed) + encode_error(status.error()));
    }
}

// False: the client is too far behind.
bool Clients::send(Client& client, std::string packet) {
    if (client.deaf) return true;
    client.queued_bytes += packet.size();
    client.queue.push_back(std::move(packet));
    flush(client);
    if (client.queued_bytes <= kMaxQueue) return true;
    if (!client.lossless) return false;
    client.behind = true;
    handler_.on_backpressure(true);
    return true;
}

void Clients::flush(Client& client) {
    while (!client.queue.empty()) {
        const std::string& packet = client.queue.front();
        const ssize_t put =
            ::send(client.socket.get(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && errno != EAGAIN && errno != ENOBUFS) {
            // Gone, or going: it is dropped at its end, when all it has sent is read.
            client.deaf = true;
            client.queue.clear();
            client.queued_bytes = 0;
        }
        if (put < 0) break;
        client.queued_bytes -= packet.size();
        client.queue.pop_front();
    }
    watch(client);
    if (client.queued_bytes <= kResumeQueue) catch_up(client);
}

// Output goes on when the last of those who were behind is not.
void Clients::catch_up(Client& client) {
    if (!std::exchange(client.behind, false)) return;
    for (const auto& [fd, other] : clients_) {
        if (other->behind) return;
    }
    handler_.on_backpressure(false);
}

void Clients::drop(int fd) {
    const auto found = clients_.find(fd);
    if (found == clients_.end()) return;
    const bool fed = (found->second->flags & kAttachStdin) != 0;
    const bool launcher = found->second->launcher;
    catch_up(*found->second);
    loop_.remove(fd);
    clients_.erase(found);
    bool others_feed = false;
    for (const auto& [other, client] : clients_) {
        others_feed = others_feed || (client->flags & kAttachStdin) != 0;
    }
    if (launcher) launcher_fd_ = -1;
    if (fed && !others_feed) handler_.on_stdin_client_gone();
}

void Clients::send_to_all(uint8_t wanted_flags, const std::string& packet) {
    std::vector<int> broken;
    for (const auto& [fd, client] : clients_) {
        const bool wanted = wanted_flags == 0 || (client->flags & wanted_flags) != 0;
        if (client->begun && wanted && !send(*client, packet)) broken.push_back(fd);
    }
    for (const int fd : broken) drop(fd);
}

void Clients::broadcast_output(bool is_stderr, std::string_view bytes) {
    if (clients_.empty()) return;
    std::string packet(1, static_cast<char>(is_stderr ? PacketType::Stderr : PacketType::Stdout));
    packet += bytes;
    send_to_all(is_stderr ? kAttachStderr : kAttachStdout, packet);
}

void Clients::broadcast(PacketType type, std::string_view payload) {
    std::string packet(1, static_cast<char>(type));
    packet += payload;
    send_to_all(0, packet);
}

bool Clients::drained() const {
    for (const auto& [fd, client] : clients_) {
        if (!client->queue.empty()) return false;
    }
    return true;
}

}  // namespace dhow::shim
