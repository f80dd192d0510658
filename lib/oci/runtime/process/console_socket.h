// SPDX-License-Identifier: Apache-2.0
// --console-socket: where the caller waits for the terminal's master; --pidfd-socket: for the
// process itself. Parent half.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <string>

namespace dhow::oci {

// `path` is the caller's and may be long: connected through a descriptor of its folder.
Result<UniqueFd> connect_console(const std::string& path);
// Invalid without a path. Before there is a process: a socket that nobody listens on costs none.
Result<UniqueFd> connect_pidfd_socket(const std::string& path);
// One message with the descriptor, as runc sends it. Once the process is what it will be: from then
// on its receiver may end it.
Status send_pidfd(const UniqueFd& socket, int pidfd);

}  // namespace dhow::oci
