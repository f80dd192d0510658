// SPDX-License-Identifier: Apache-2.0
// dhow-forward's command line:
//   dhow-forward --netns PATH --pid-file FILE [--wait-for INTERFACE] PROTOCOL,HOST,PORT,IP,PORT...
// HOST "*" is every address of the host, IPv4 and IPv6. Written by lib/engine/network/forward.cc.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

namespace dhow::forward {

struct Endpoint {
    sockaddr_storage bytes{};
    socklen_t size = 0;

    [[nodiscard]] const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&bytes); }

    [[nodiscard]] int family() const { return bytes.ss_family; }
};

Result<Endpoint> make_endpoint(std::string_view ip, uint16_t port);

struct Mapping {
    bool tcp = true;
    std::string host;  // "*" or an address
    uint16_t host_port = 0;
    Endpoint target;
};

struct Arguments {
    std::string netns;
    std::string pid_file;
    std::string wait_for;
    std::vector<Mapping> mappings;
};

Result<Arguments> parse_arguments(const std::vector<std::string_view>& words);

}  // namespace dhow::forward
