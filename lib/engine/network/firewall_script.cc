// SPDX-License-Identifier: Apache-2.0
#include "engine/network/addresses.h"
#include "engine/network/firewall.h"
#include "engine/network/port_text.h"

namespace dhow::engine::network {

std::string firewall_script() {
    const std::string subnet = kBridgeSubnet;
    const std::string bridge = std::string("\"") + kBridgeName + "\"";
    // `add` leaves what is there; the flush makes a second call write the same rules once.
    return "add table inet dhow\n"
           "flush table inet dhow\n"
           "table inet dhow {\n"
           "  map published {\n"
           "    type inet_proto . inet_service : ipv4_addr . inet_service;\n"
           "  }\n"
           "  map published_at {\n"
           "    type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service;\n"
           "  }\n"
           "  chain publish {\n"
           "    dnat ip to ip daddr . meta l4proto . th dport map @published_at\n"
           "    dnat ip to meta l4proto . th dport map @published\n"
           "  }\n"
           // route_localnet lets replies reach 127.0.0.1; containers must not (CVE-2020-8558).
           "  chain guard {\n"
           "    type filter hook prerouting priority raw; policy accept;\n"
           "    iifname " +
           bridge +
           " ip daddr 127.0.0.0/8 drop\n"
           "  }\n"
           "  chain prerouting {\n"
           "    type nat hook prerouting priority dstnat; policy accept;\n"
           "    meta nfproto ipv4 meta l4proto { tcp, udp } fib daddr type local jump publish\n"
           "  }\n"
           "  chain output {\n"
           "    type nat hook output priority -100; policy accept;\n"
           "    meta nfproto ipv4 meta l4proto { tcp, udp } fib daddr type local jump publish\n"
           "  }\n"
           "  chain postrouting {\n"
           "    type nat hook postrouting priority srcnat; policy accept;\n"
           "    ip saddr " +
           subnet + " oifname != " + bridge +
           " masquerade\n"
           // A container that calls a published port of its neighbour by the host's address.
           "    ip saddr " +
           subnet + " oifname " + bridge +
           " ct status dnat masquerade\n"
           "    ip saddr 127.0.0.0/8 oifname " +
           bridge +
           " masquerade\n"
           "  }\n"
           "}\n";
}

std::string port_key(const PortMapping& port) {
    const std::string key = protocol_name(port) + " . " + std::to_string(port.host_port);
    return port.host_ip.empty() ? key : port.host_ip + " . " + key;
}

const char* port_map(const PortMapping& port) {
    return port.host_ip.empty() ? "published" : "published_at";
}

std::string port_element(const std::string& ip, const PortMapping& port) {
    return "{ " + port_key(port) + " : " + ip + " . " + std::to_string(port.container_port) + " }";
}

}  // namespace dhow::engine::network
