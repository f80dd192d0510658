// SPDX-License-Identifier: Apache-2.0
#include "engine/network/user_mode.h"

#include "base/process.h"
#include "engine/network/addresses.h"
#include "engine/network/port_text.h"

#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace dhow::engine::network {

namespace {

// "[address/]host[:container]"
std::string port_spec(const PortMapping& port) {
    std::string spec = port.host_ip.empty() ? "" : port.host_ip + "/";
    spec += std::to_string(port.host_port);
    if (port.container_port != port.host_port) spec += ":" + std::to_string(port.container_port);
    return spec;
}

void add_ports(const std::vector<PortMapping>& ports,
               Protocol protocol,
               const char* option,
               std::vector<std::string>& argv) {
    bool any = false;
    for (const PortMapping& port : ports) {
        if (port.protocol != protocol || !pasta_can_carry(port)) continue;
        argv.insert(argv.end(), {option, port_spec(port)});
        any = true;
    }
    if (!any) argv.insert(argv.end(), {option, "none"});
}

}  // namespace

Result<UserModePrograms> find_user_mode_programs(const std::string& search_path) {
    if (auto pasta = find_program("pasta", search_path)) return UserModePrograms{.pasta = *pasta};
    if (auto slirp = find_program("slirp4netns", search_path)) {
        return UserModePrograms{.slirp4netns = *slirp};
    }
    return make_error(ErrorKind::NotFound,
                      "connect a container's network: 'pasta' is not installed",
                      "install it, as root: apt install passt (or use --network none)");
}

bool pasta_can_carry(const PortMapping& port) {
    return port.protocol == Protocol::Tcp || port.host_port == port.container_port;
}

std::vector<std::string> pasta_arguments(const std::string& pasta, const UserModeCall& call) {
    std::vector<std::string> argv = {
        pasta,
        "--config-net",
        "--netns",
        call.netns_path,
        "--pid",
        call.pid_file,
        "--quiet",
        // Addresses of its own, not the host's: the host's stay reachable.
        "--address",
        kUserIp,
        "--netmask",
        std::to_string(kUserPrefix),
        "--gateway",
        kUserGateway,
        "--ns-ifname",
        call.interface,
        "--dns-forward",
        kUserNameserver,
        // What listens on the host's loopback is nobody else's business.
        "--no-map-gw",
        "-T",
        "none",
        "-U",
        "none"};
    if (!call.ends_with_netns) argv.emplace_back("--no-netns-quit");
    add_ports(call.ports, Protocol::Tcp, "-t", argv);
    add_ports(call.ports, Protocol::Udp, "-u", argv);
    return argv;
}

std::vector<std::string> slirp_arguments(const std::string& slirp, const UserModeCall& call) {
    return {slirp,
            "--configure",
            "--mtu=65520",
            "--disable-host-loopback",
            "--enable-seccomp",
            "--netns-type=path",
            call.netns_path,
            call.interface};
}

std::string host_address() {
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // Connecting a datagram socket sends nothing: it asks the routing table (192.0.2.0/24 and its
    // like may be local, this well-known address is not).
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(53)};
    address.sin_addr.s_addr = htonl(0x01010101);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (!socket || ::connect(socket.get(), raw, size) != 0 ||
        ::getsockname(socket.get(), raw, &size) != 0) {
        return {};
    }
    return format_ipv4(ntohl(address.sin_addr.s_addr));
}

}  // namespace dhow::engine::network
