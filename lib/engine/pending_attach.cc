// SPDX-License-Identifier: Apache-2.0
#include "engine/pending_attach.h"

#include "base/file.h"
#include "base/unix_socket.h"

namespace dhow::engine {

Result<std::vector<UniqueFd>> collect_pending_attaches(int run_dir) {
    constexpr size_t kMaxPending = 16;
    std::vector<UniqueFd> connections;
    const auto folder = open_dir_at(run_dir, kPendingFolder);
    if (!folder) return connections;
    const auto names = TRY(list_dir_at(folder->get(), "."));
    for (const std::string& name : names) {
        auto socket = connect_unix_at(folder->get(), name, SocketType::Packet);
        if (socket && connections.size() < kMaxPending) connections.push_back(socket.take());
        TRY(remove_file_at(folder->get(), name));
    }
    return connections;
}

}  // namespace dhow::engine
