// SPDX-License-Identifier: Apache-2.0
// How a published port is written in messages and arguments. Internal to the network code.
#pragma once

#include "engine/requests.h"

#include <string>

namespace dhow::engine::network {

// "8080/tcp", "127.0.0.1:53/udp": the host's side.
std::string port_name(const PortMapping& port);
std::string protocol_name(const PortMapping& port);

}  // namespace dhow::engine::network
