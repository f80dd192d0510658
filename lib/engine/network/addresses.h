// SPDX-License-Identifier: Apache-2.0
// The fixed addresses of dhow's networks. Internal to the network code.
#pragma once

#include "base/netlink.h"

#include <cstdint>

namespace dhow::engine::network {

inline constexpr const char* kBridgeName = "dhow0";
inline constexpr const char* kBridgeSubnet = "10.88.0.0/16";
inline constexpr int kBridgePrefix = 16;
inline constexpr uint32_t kBridgeGateway = 0x0a580001;    // 10.88.0.1
inline constexpr uint32_t kBridgeBroadcast = 0x0a58ffff;  // 10.88.255.255

// Inside a user-mode network: its own address, the way out, the name server that asks the host's.
inline constexpr const char* kUserIp = "10.0.2.100";
inline constexpr const char* kUserGateway = "10.0.2.2";
inline constexpr const char* kUserNameserver = "10.0.2.3";
inline constexpr int kUserPrefix = 24;

// The interface's address that belongs to an IPv4 address.
MacAddress bridge_mac(uint32_t address);

}  // namespace dhow::engine::network
