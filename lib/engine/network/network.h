// SPDX-License-Identifier: Apache-2.0
// A container's network, from nothing to a namespace the runtime joins by path, and back. Runs in
// the engine's process after Context::enter(); knows no database: addresses are leased by the
// caller.
//
//   none    a namespace with loopback alone, made by the runtime
//   host    the host's
//   pasta   a namespace of its own, joined to the outside by one pasta(1) beside the shim
//   (rootless) bridge  10.88.0.0/16 on `dhow0`; as root in the host's network, with masquerade and
//   DNAT; rootless
//           in the held network namespace, one pasta for all, ports by dhow-forward beside the shim
#pragma once

#include "base/result.h"
#include "engine/requests.h"
#include "shim/protocol.h"

#include <set>
#include <string>
#include <vector>

namespace dhow::engine::network {

struct Request {
    std::string id;
    NetworkKind kind = NetworkKind::None;
    std::vector<PortMapping> ports;  // host ports chosen: see choose_host_ports()
    bool rootless = true;
    std::string run_root;
    std::string run_dir;       // c/<id>: gets `netns` and pid files
    std::string ip;            // bridge: the leased address
    std::string forward_path;  // dhow-forward, for what pasta cannot carry
};

struct Plan {
    std::string netns_path;  // for the runtime spec; empty: none of its own, or a new one
    std::vector<shim::Sidecar> sidecars;
    std::string ip;  // empty: none of its own
    std::string gateway;
    std::string mac;
    std::string host_ip;                   // host.containers.internal; empty: not reachable
    std::vector<std::string> nameservers;  // what replaces the host's loopback ones; may be empty
    bool needs_teardown = false;           // teardown() must run at the end
};

// On an error nothing is left. Conflict names a port that is taken.
Result<Plan> prepare(const Request& request);

// Undoes prepare() of the same request, as far as it outlives the container's processes. What is
// gone already is success.
Status teardown(const Request& request);

// Fills in host_port 0 with free ports, different from each other.
Result<std::vector<PortMapping>> choose_host_ports(std::vector<PortMapping> ports);

// Conflict: "port 8080/tcp is already in use"; Permission for ports the user may not open.
Status check_ports_free(const std::vector<PortMapping>& ports);

inline constexpr const char* kBridgeNetwork = "dhow";

// The lowest free address of the bridge network; Unavailable when all 65533 are taken.
Result<std::string> pick_address(const std::set<std::string>& used);
// What follows from an address of the bridge network.
std::string gateway_of(const std::string& ip);
std::string mac_of(const std::string& ip);

}  // namespace dhow::engine::network
