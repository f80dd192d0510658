// SPDX-License-Identifier: Apache-2.0
// Network namespaces: making one, reaching into one, giving one a path. A rootless process cannot
// leave its own network namespace and come back (setns(2) wants the machine's CAP_SYS_ADMIN for the
// way home), so a brief child goes in its place: it shares memory and descriptors, this process
// waits meanwhile.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <functional>
#include <string>

namespace dhow::rootless {

// Runs `body` with the network namespace `netns`. What it opens stays open here, what it writes is
// written; sockets keep their namespace. `body` must not clone, exit or change other process state.
Status run_in_netns(int netns, const std::function<Status()>& body);

// A new network namespace of the current user namespace, loopback up, `body` run inside (may be
// empty).
Result<UniqueFd> create_netns(const std::function<Status()>& body);

// This process's own.
Result<UniqueFd> open_own_netns();

// Binds a namespace to `path`, a file made when missing, in this process's mount namespace.
Status bind_netns(int netns, const std::string& path);
// Undoes bind_netns(); success when nothing is there.
Status unbind_netns(const std::string& path);

}  // namespace dhow::rootless
