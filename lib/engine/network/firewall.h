// SPDX-License-Identifier: Apache-2.0
// The rules a bridge needs, in one nftables table of its own: `inet dhow`. What all containers
// share is there once (masquerade, the way from the host's loopback); a published port is one
// element of a map. libnftables is opened only when a rule is written; asking whether the table is
// there takes one netlink message. Acts on the network namespace it is called in. Other tables are
// never touched.
#pragma once

#include "base/result.h"
#include "engine/requests.h"

#include <string>
#include <vector>

namespace dhow::engine::network {

// The table and its chains, made when missing.
Status ensure_firewall();

// Conflict when another container has the port. On an error none of them is published.
Status publish_ports(const std::string& ip, const std::vector<PortMapping>& ports);

// Removes what leads to `ip`, nothing else; what is gone already is success.
Status withdraw_ports(const std::string& ip, const std::vector<PortMapping>& ports);

// The commands in nft(8)'s language.
std::string firewall_script();
// "{ tcp . 8080 : 10.88.0.2 . 80 }", and the map it belongs to.
std::string port_element(const std::string& ip, const PortMapping& port);
std::string port_key(const PortMapping& port);
const char* port_map(const PortMapping& port);

}  // namespace dhow::engine::network
