// SPDX-License-Identifier: Apache-2.0
// User-mode network: pasta(1), or slirp4netns(1) where only that is installed. Builds the processes
// that live beside a container's shim; starts nothing. Internal to the network code.
#pragma once

#include "base/result.h"
#include "engine/network/network.h"

#include <optional>
#include <string>
#include <vector>

namespace dhow::engine::network {

struct UserModePrograms {
    std::string pasta;        // empty: not installed
    std::string slirp4netns;  // looked for only when pasta is missing
};

// NotFound, with the package to install, when there is neither.
Result<UserModePrograms> find_user_mode_programs(const std::string& search_path);

struct UserModeCall {
    std::string netns_path;
    std::string pid_file;
    std::vector<PortMapping> ports;
    std::string interface = "eth0";
    bool ends_with_netns = true;  // false: somebody else ends it
};

// pasta's arguments, understood by every version since Debian 12's (2023-03-09).
std::vector<std::string> pasta_arguments(const std::string& pasta, const UserModeCall& call);
std::vector<std::string> slirp_arguments(const std::string& slirp, const UserModeCall& call);

// pasta of 2023 loses answers to datagrams from the host's loopback when the two port numbers
// differ: those ports are dhow-forward's.
bool pasta_can_carry(const PortMapping& port);

// The folders programs are looked for in; never $PATH, which a project's folder may lead.
inline constexpr const char* kProgramFolders = "/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin";

// The host's address towards the default route, which such a network can reach; empty when offline.
std::string host_address();

}  // namespace dhow::engine::network
