// SPDX-License-Identifier: Apache-2.0
// choose_host_ports() and check_ports_free(): the host's ports, asked by binding them for a moment.
#include "base/text.h"
#include "engine/network/network.h"
#include "engine/network/port_text.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace dhow::engine::network {

namespace {

struct SocketAddress {
    sockaddr_storage bytes{};
    socklen_t size = 0;
};

Result<SocketAddress> address_of(const std::string& ip, uint16_t port) {
    SocketAddress result;
    sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(port)};
    sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (::inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1) {
        std::memcpy(&result.bytes, &v4, sizeof v4);
        result.size = sizeof v4;
        return result;
    }
    if (::inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) == 1) {
        std::memcpy(&result.bytes, &v6, sizeof v6);
        result.size = sizeof v6;
        return result;
    }
    return make_error(ErrorKind::InvalidArgument,
                      "host address '" + printable(ip) + "' of a published port is no IP address");
}

Error describe(const PortMapping& port, int code) {
    const std::string name = port_name(port);
    if (code == EADDRINUSE) {
        return make_error(ErrorKind::Conflict,
                          "port " + name + " is already in use",
                          "publish another host port, or end what listens there (ss -lntup)");
    }
    if (code == EACCES || code == EPERM) {
        return make_error(ErrorKind::Permission,
                          "port " + name + " may not be opened by an ordinary user",
                          "publish a host port from 1024 up, or run as root: sysctl -w "
                          "net.ipv4.ip_unprivileged_port_start=" +
                              std::to_string(port.host_port));
    }
    if (code == EADDRNOTAVAIL) {
        return make_error(ErrorKind::InvalidArgument,
                          "open port " + name + ": the host has no address '" + port.host_ip + "'");
    }
    return system_error("open port " + name, code);
}

// Bound, and listening when TCP: two sockets may share a bound port until one listens.
Result<UniqueFd> try_port(const PortMapping& port, const std::string& ip) {
    const auto address = TRY(address_of(ip, port.host_port));
    const bool tcp = port.protocol == Protocol::Tcp;
    UniqueFd socket(
        ::socket(address.bytes.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0));
    if (!socket) return system_error("open a socket");
    const int on = 1;
    if (tcp) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.bytes.ss_family == AF_INET6) {
        ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    const auto* raw = reinterpret_cast<const sockaddr*>(&address.bytes);
    if (::bind(socket.get(), raw, address.size) != 0 || (tcp && ::listen(socket.get(), 1) != 0)) {
        return describe(port, errno);
    }
    return socket;
}

Result<uint16_t> bound_port(int socket) {
    sockaddr_storage bytes{};
    socklen_t size = sizeof bytes;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&bytes), &size) != 0) {
        return system_error("choose a port");
    }
    // The port stands at the same place in both kinds.
    sockaddr_in v4{};
    std::memcpy(&v4, &bytes, sizeof v4);
    return ntohs(v4.sin_port);
}

}  // namespace

std::string port_name(const PortMapping& port) {
    const std::string number = std::to_string(port.host_port);
    return (port.host_ip.empty() ? number : port.host_ip + ":" + number) + "/" +
           protocol_name(port);
}

std::string protocol_name(const PortMapping& port) {
    return port.protocol == Protocol::Tcp ? "tcp" : "udp";
}

Result<std::vector<PortMapping>> choose_host_ports(std::vector<PortMapping> ports) {
    // Every socket stays open to the end, so that no port is chosen twice.
    std::vector<UniqueFd> held;
    for (PortMapping& port : ports) {
        if (port.host_port != 0) continue;
        held.push_back(TRY(try_port(port, port.host_ip.empty() ? "0.0.0.0" : port.host_ip)));
        port.host_port = TRY(bound_port(held.back().get()));
    }
    return ports;
}

Status check_ports_free(const std::vector<PortMapping>& ports) {
    // Held together: the same port asked for twice is found too.
    std::vector<UniqueFd> held;
    for (const PortMapping& port : ports) {
        held.push_back(TRY(try_port(port, port.host_ip.empty() ? "0.0.0.0" : port.host_ip)));
        if (!port.host_ip.empty()) continue;
        auto v6 = try_port(port, "::");
        if (!v6 && v6.error().kind == ErrorKind::Conflict) return std::move(v6).error();
        if (v6) held.push_back(v6.take());
    }
    return {};
}

}  // namespace dhow::engine::network
