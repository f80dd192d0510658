// SPDX-License-Identifier: Apache-2.0
#include "cmd/forward/listen.h"

#include <cerrno>
#include <string>

namespace dhow::forward {

namespace {

Result<UniqueFd> open_socket(const Mapping& mapping, const std::string& ip) {
    const auto endpoint = TRY(make_endpoint(ip, mapping.host_port));
    const std::string name = std::to_string(mapping.host_port) + (mapping.tcp ? "/tcp" : "/udp");
    const int type = (mapping.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
    UniqueFd socket(::socket(endpoint.family(), type, 0));
    if (!socket) return system_error("open a socket for port " + name);
    const int on = 1;
    if (mapping.tcp) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (endpoint.family() == AF_INET6) {
        ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    }
    if (::bind(socket.get(), endpoint.raw(), endpoint.size) == 0 &&
        (!mapping.tcp || ::listen(socket.get(), SOMAXCONN) == 0)) {
        return socket;
    }
    const int code = errno;
    if (code == EADDRINUSE) {
        return make_error(ErrorKind::Conflict, "port " + name + " is already in use");
    }
    return system_error("open port " + name, code);
}

}  // namespace

Result<std::vector<Listener>> open_listeners(const std::vector<Mapping>& mappings) {
    std::vector<Listener> listeners;
    const auto add = [&](const Mapping& mapping, UniqueFd socket) {
        listeners.push_back(
            {.socket = std::move(socket), .tcp = mapping.tcp, .target = mapping.target});
    };
    for (const Mapping& mapping : mappings) {
        const bool everywhere = mapping.host == "*";
        add(mapping, TRY(open_socket(mapping, everywhere ? "0.0.0.0" : mapping.host)));
        if (!everywhere) continue;
        auto v6 = open_socket(mapping, "::");
        // A host without IPv6 has no address to be reached by.
        if (!v6 && v6.error().kind == ErrorKind::Conflict) return std::move(v6).error();
        if (v6) add(mapping, v6.take());
    }
    return listeners;
}

}  // namespace dhow::forward
