// SPDX-License-Identifier: Apache-2.0
// --security-opt, taken apart.
#pragma once

#include <string>
#include <vector>

namespace dhow::engine {

struct SecurityOptions {
    bool no_new_privileges = false;
    std::string seccomp;   // "": the default; "unconfined"; or a profile's path
    std::string apparmor;  // "": none asked for
    std::vector<std::string> mask;
    std::vector<std::string> unmask;  // "ALL" or paths
};

// Options that resolve_config() has accepted.
SecurityOptions parse_security_options(const std::vector<std::string>& options);

}  // namespace dhow::engine
