// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sockets.h"

#include "base/file.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace dhow::test {

namespace {

sockaddr_in address_of(const std::string& ip, uint16_t port) {
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port)};
    ::inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
    return address;
}

const sockaddr* raw(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

void limit_time(int socket) {
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

std::string trouble() {
    if (errno == ECONNREFUSED) return "(refused)";
    if (errno == EAGAIN || errno == ETIMEDOUT || errno == EINPROGRESS) return "(timed out)";
    return std::string("(") + std::strerror(errno) + ")";
}

UniqueFd open_bound(const std::string& ip, uint16_t port, int type) {
    UniqueFd socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    const int on = 1;
    if (type == SOCK_STREAM) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    limit_time(socket.get());
    const auto address = address_of(ip, port);
    if (::bind(socket.get(), raw(address), sizeof address) != 0) return UniqueFd();
    if (type == SOCK_STREAM && ::listen(socket.get(), 16) != 0) return UniqueFd();
    return socket;
}

std::string peer_name(const sockaddr_in& peer) {
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &peer.sin_addr, text.data(), text.size());
    return text.data();
}

}  // namespace

UniqueFd listen_tcp(const std::string& ip, uint16_t port) {
    return open_bound(ip, port, SOCK_STREAM);
}

UniqueFd bind_udp(const std::string& ip, uint16_t port) {
    return open_bound(ip, port, SOCK_DGRAM);
}

uint16_t port_of(int socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

std::string tcp_exchange(const std::string& ip, uint16_t port, const std::string& request) {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    limit_time(socket.get());
    const auto address = address_of(ip, port);
    if (::connect(socket.get(), raw(address), sizeof address) != 0) return trouble();
    if (!write_all(socket.get(), request)) return trouble();
    ::shutdown(socket.get(), SHUT_WR);
    auto answer = read_all(socket.get(), 64U << 20U);
    return answer ? *answer : trouble();
}

std::string tcp_listen_to(const std::string& ip, uint16_t port) {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    limit_time(socket.get());
    const auto address = address_of(ip, port);
    if (::connect(socket.get(), raw(address), sizeof address) != 0) return trouble();
    auto heard = read_all(socket.get(), 64U << 20U);
    return heard ? *heard : trouble();
}

std::string udp_exchange(const std::string& ip, uint16_t port, const std::string& request) {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    limit_time(socket.get());
    const auto address = address_of(ip, port);
    if (::connect(socket.get(), raw(address), sizeof address) != 0) return trouble();
    if (::send(socket.get(), request.data(), request.size(), 0) < 0) return trouble();
    std::string answer(65536, '\0');
    const ssize_t got = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (got < 0) return trouble();
    answer.resize(static_cast<size_t>(got));
    return answer;
}

std::string serve_one_tcp(int listener, const std::string& prefix) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const UniqueFd socket(
        ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC));
    if (!socket) return "(nobody)";
    limit_time(socket.get());
    const auto request = read_all(socket.get(), 64U << 20U);
    if (!request || !write_all(socket.get(), prefix + *request)) return "(broken)";
    return peer_name(peer);
}

std::string greet_one_tcp(int listener, const std::string& greeting) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const UniqueFd socket(
        ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC));
    if (!socket) return "(nobody)";
    if (!write_all(socket.get(), greeting)) return "(broken)";
    return peer_name(peer);
}

std::string serve_one_udp(int socket, const std::string& prefix) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    std::string request(65536, '\0');
    const ssize_t got = ::recvfrom(
        socket, request.data(), request.size(), 0, reinterpret_cast<sockaddr*>(&peer), &size);
    if (got < 0) return "(nobody)";
    const std::string answer = prefix + request.substr(0, static_cast<size_t>(got));
    ::sendto(socket, answer.data(), answer.size(), 0, raw(peer), size);
    return peer_name(peer);
}

}  // namespace dhow::test
