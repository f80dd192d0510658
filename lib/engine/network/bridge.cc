// SPDX-License-Identifier: Apache-2.0
#include "engine/network/bridge.h"

#include "base/file.h"
#include "base/netlink.h"
#include "engine/network/addresses.h"
#include "engine/network/firewall.h"
#include "rootless/netns.h"

#include <optional>

#include <fcntl.h>

namespace dhow::engine::network {

namespace {

Status switch_on(const std::string& name) {
    const std::string path = "/proc/sys/net/ipv4/" + name;
    const auto now = read_file_at(AT_FDCWD, path, 64);
    if (now && now->starts_with("1")) return {};
    return write_existing_at(AT_FDCWD, path, "1");
}

Result<int> find_or_create_bridge(Netlink& netlink) {
    auto found = netlink.find_link(kBridgeName);
    if (found || found.error().kind != ErrorKind::NotFound) return found;
    auto created = netlink.create_bridge(kBridgeName, bridge_mac(kBridgeGateway));
    // Another first container may have been faster.
    if (!created && created.error().kind != ErrorKind::AlreadyExists) {
        return std::move(created).error();
    }
    const int bridge = TRY(netlink.find_link(kBridgeName));
    TRY(netlink.add_address(bridge, kBridgeGateway, kBridgePrefix));
    return bridge;
}

// In the bridge's namespace.
Status connect_to_bridge(const std::string& container_id, uint32_t address, int netns) {
    auto netlink = TRY(Netlink::open());
    const std::string name = port_link_name(container_id);
    const VethOptions veth{.name = name,
                           .master = TRY(netlink.find_link(kBridgeName)),
                           .peer_name = "eth0",
                           .peer_netns = netns,
                           .peer_mac = bridge_mac(address)};
    auto created = netlink.create_veth(veth);
    if (!created && created.error().kind == ErrorKind::AlreadyExists) {
        // Left by a start of the same container that was killed: its other end leads nowhere.
        TRY(netlink.remove_link(name));
        created = netlink.create_veth(veth);
    }
    TRY(created);
    return netlink.set_hairpin(name);
}

Status configure_inside(Netlink& netlink, uint32_t address) {
    const int link = TRY(netlink.find_link("eth0"));
    TRY(netlink.set_up(link));
    TRY(netlink.add_address(link, address, kBridgePrefix));
    return netlink.add_default_route(kBridgeGateway);
}

}  // namespace

Status ensure_bridge() {
    auto netlink = TRY(Netlink::open());
    TRY(find_or_create_bridge(netlink));
    TRY_CONTEXT(switch_on("ip_forward"), "let packets of containers through");
    TRY_CONTEXT(switch_on(std::string("conf/") + kBridgeName + "/route_localnet"),
                "publish ports on the host's loopback");
    return ensure_firewall();
}

Result<UniqueFd> create_bridged_netns(int bridge_netns,
                                      const std::string& container_id,
                                      const std::string& ip) {
    const auto address = parse_ipv4(ip);
    if (!address) {
        return make_error(ErrorKind::InvalidArgument, "'" + ip + "' is no address of the bridge");
    }
    std::optional<Netlink> inside;  // keeps working in there from out here
    const auto reach_inside = [&]() -> Status {
        inside = TRY(Netlink::open());
        return {};
    };
    auto netns = TRY(rootless::create_netns(reach_inside));
    const auto connect = [&] { return connect_to_bridge(container_id, *address, netns.get()); };
    TRY(rootless::run_in_netns(bridge_netns, connect));
    TRY(configure_inside(*inside, *address));
    return netns;
}

std::string port_link_name(const std::string& container_id) {
    constexpr size_t kIdDigits = 12;  // with "dv" below the 15 characters of an interface's name
    return "dv" + container_id.substr(0, kIdDigits);
}

}  // namespace dhow::engine::network
