// SPDX-License-Identifier: Apache-2.0
// The host's side of each mapping, opened before dhow-forward enters the container's network
// namespace: sockets keep the namespace they were made in.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "cmd/forward/arguments.h"

#include <vector>

namespace dhow::forward {

struct Listener {
    UniqueFd socket;  // non-blocking; listening when TCP
    bool tcp = true;
    Endpoint target;
};

// One or two (IPv4 and IPv6) a mapping. A taken port is a Conflict.
Result<std::vector<Listener>> open_listeners(const std::vector<Mapping>& mappings);

}  // namespace dhow::forward
