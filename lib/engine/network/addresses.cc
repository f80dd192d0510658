// SPDX-License-Identifier: Apache-2.0
#include "engine/network/addresses.h"

#include "engine/network/network.h"

#include <optional>

namespace dhow::engine::network {

Result<std::string> pick_address(const std::set<std::string>& used) {
    std::set<uint32_t> taken;
    for (const std::string& text : used) {
        if (const auto address = parse_ipv4(text)) taken.insert(*address);
    }
    // .0.0 is the network, .0.1 the bridge, .255.255 the broadcast address.
    uint32_t candidate = kBridgeGateway + 1;
    for (const uint32_t address : taken) {
        if (address == candidate) ++candidate;
    }
    if (candidate >= kBridgeBroadcast) {
        return make_error(
            ErrorKind::Unavailable,
            std::string("every address of network '") + kBridgeNetwork + "' is in use",
            "remove containers that are not needed any more");
    }
    return format_ipv4(candidate);
}

std::string gateway_of(const std::string& /*ip*/) {
    return format_ipv4(kBridgeGateway);
}

MacAddress bridge_mac(uint32_t address) {
    // Locally administered, and one to one with the address: no ARP entry goes stale.
    return {0x02,
            0x42,
            static_cast<uint8_t>(address >> 24U),
            static_cast<uint8_t>(address >> 16U),
            static_cast<uint8_t>(address >> 8U),
            static_cast<uint8_t>(address)};
}

std::string mac_of(const std::string& ip) {
    const auto address = parse_ipv4(ip);
    return address ? format_mac(bridge_mac(*address)) : std::string();
}

}  // namespace dhow::engine::network
