// SPDX-License-Identifier: Apache-2.0
// The words of --restart, --pull and --network, --user, and signals by name or number. Pure.
#pragma once

#include "base/result.h"
#include "engine/requests.h"

#include <string>
#include <string_view>

namespace dhow::cli {

// "no", "never", "always", "unless-stopped", "on-failure[:N]".
Result<engine::RestartPolicy> parse_restart(std::string_view text);
// "missing", "always", "never", "newer"; "true" and "false" as Podman has them.
Result<engine::PullPolicy> parse_pull(std::string_view text);

struct Network {
    engine::NetworkKind kind = engine::NetworkKind::Default;
    std::string container;  // for NetworkKind::Container
};

// "none", "host", "bridge", "pasta", "default", "container:NAME".
Result<Network> parse_network(std::string_view text);
// "KILL", "sigterm", "9", "RTMIN+3": the number, 1 to 64.
Result<int> parse_signal(std::string_view text);
// "name|uid[:group|gid]"; returned as it is when well-formed.
Result<std::string> parse_user(std::string_view text);

}  // namespace dhow::cli
