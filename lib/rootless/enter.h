// SPDX-License-Identifier: Apache-2.0
// Entering the user's held namespaces, and a mount namespace of one's own. The only file, beside
// the runtime's, that calls setns(2) and unshare(2). Runs in dhow, dhow-api and tests; the process
// must be single-threaded. It cannot be left again: nothing that must see the user's own ids may
// follow.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "rootless/user_ns.h"

#include <string>

namespace dhow::rootless {

using EnterOptions = HoldOptions;

// uid 0 (of the machine, or of a user namespace already entered): only the mount namespace. Anybody
// else: the held user namespace first, as uid and gid 0 there, supplementary groups kept. In the
// new mount namespace the host's later mounts appear and ours stay unseen outside.
Status enter(const EnterOptions& options);

// The held network namespace. NotFound when nobody holds one; enter() first.
Result<UniqueFd> open_hold_netns(const std::string& run_root);

// setns(2), `what` for the message. CLONE_NEW* in `type`, or 0 for whatever it is.
Status join_namespace(int fd, int type, const std::string& what);
// unshare(2).
Status leave_namespaces(int flags, const std::string& what);

// For the holder's own birth (user_ns.cc), between clone and exec: async-signal-safe, errno tells.
bool move_into_survivor(int survivor_pidfd) noexcept;

}  // namespace dhow::rootless
