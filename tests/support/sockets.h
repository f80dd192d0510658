// SPDX-License-Identifier: Apache-2.0
// Little servers and clients for network tests: blocking, with time limits, IPv4.
#pragma once

#include "base/unique_fd.h"

#include <cstdint>
#include <string>

namespace dhow::test {

// Invalid when it cannot be had. port 0: any.
UniqueFd listen_tcp(const std::string& ip, uint16_t port);
UniqueFd bind_udp(const std::string& ip, uint16_t port);
uint16_t port_of(int socket);

// "(refused)", "(timed out)", ... or what the peer sent until it closed.
std::string tcp_exchange(const std::string& ip, uint16_t port, const std::string& request);
// Says nothing; what the peer sends until it closes.
std::string tcp_listen_to(const std::string& ip, uint16_t port);
std::string udp_exchange(const std::string& ip, uint16_t port, const std::string& request);

// Serves one connection: reads until the peer stops sending, answers `prefix` + what was read.
// The peer's address, or "(nobody)".
std::string serve_one_tcp(int listener, const std::string& prefix);
// Greets one connection and closes it.
std::string greet_one_tcp(int listener, const std::string& greeting);
std::string serve_one_udp(int socket, const std::string& prefix);

}  // namespace dhow::test
