// SPDX-License-Identifier: Apache-2.0
// The walls around dhow-transfer, closed once, before the first hostile byte and the first thread:
// a mount namespace whose root is a tmpfs with the request's folders in it and nothing else (a user
// namespace too, where mounting needs one), the capabilities that unpacking needs, limits, and the
// system calls of sandbox_filter.h. Must never be loosened again; never runs in the engine.
// Sources: pivot_root(2), open_tree(2), capabilities(7), user_namespaces(7).
#pragma once

#include "base/result.h"
#include "store/transfer_protocol.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dhow::store {

struct SandboxFolder {
    std::string source;
    std::string place;  // "/staging"
    bool writable = false;
};

struct Sandbox {
    std::vector<SandboxFolder> folders;  // one that does not exist is left out
    bool network = false;                // with the files that names and certificates need
    uint64_t capabilities = 0;           // one bit a capability
    uint64_t memory = 0;                 // bytes of private memory; 0: as much as there is
    // The archive where it is an open folder: is in the root, too.
    int archive_folder = -1;
    bool archive_writable = false;
};

// What a request needs. Its folders are named as they are inside from here on.
Sandbox sandbox_for(TransferRequest& request, int archive_fd);

// The process is behind the walls, or should end.
Status enter_sandbox(const Sandbox& sandbox);

}  // namespace dhow::store
