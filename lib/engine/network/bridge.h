// SPDX-License-Identifier: Apache-2.0
// The bridge `dhow0` of one network namespace and a container's place on it: as root in the host's,
// for an ordinary user in the held one. Internal to the network code.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <string>

namespace dhow::engine::network {

// In the network namespace it is called in: bridge, forwarding, firewall table, each made when
// missing.
Status ensure_bridge();

// A new namespace with `eth0` at `ip` and the default route, its other end a port of the bridge in
// the network namespace `bridge_netns`.
Result<UniqueFd> create_bridged_netns(int bridge_netns,
                                      const std::string& container_id,
                                      const std::string& ip);

// The bridge's end of a container's pair: "dv" and the head of the id.
std::string port_link_name(const std::string& container_id);

}  // namespace dhow::engine::network
