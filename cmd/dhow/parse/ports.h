// SPDX-License-Identifier: Apache-2.0
// -p: [[hostIP:][hostPort]:]containerPort[/protocol], ports or ranges of equal length. Pure.
#pragma once

#include "base/result.h"
#include "engine/requests.h"

#include <string_view>
#include <vector>

namespace dhow::cli {

// "8080:80", "127.0.0.1:8080:80/udp", "80", "8000-8010:80-90", "[::1]:8080:80", "127.0.0.1::80".
Result<std::vector<engine::PortMapping>> parse_port(std::string_view text);

}  // namespace dhow::cli
