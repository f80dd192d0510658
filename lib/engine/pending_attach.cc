// SPDX-License-Identifier: Apache-2.0
#include "engine/pending_attach.h"

#include "base/file.h"
#include "base/random.h"
#include "base/unix_socket.h"
#include "engine/container_repo.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/launch.h"

namespace dhow::engine {

Result<PendingAttach> PendingAttach::announce(Engine& engine, const std::string& container) {
    Context& context = engine.context();
    const auto row = TRY(find_container(context, container));
    // A start that is under way may have collected its attaches, and has not said yet that it runs:
    // whoever came in between would be seen by nobody.
    const auto lock = TRY(lock_container(context, row.id));
    const int run_root = context.run_root.get();
    const std::string run_dir = "c/" + row.id;
    for (const std::string& folder : {std::string("c"), run_dir}) {
        const auto made = TRY(make_dir_at(run_root, folder));
    }
    auto folder = TRY(make_dir_at(run_root, run_dir + "/" + kPendingFolder));
    std::string name = random_hex(8) + ".sock";
    auto listener = TRY(listen_unix_at(folder.get(), name, SocketType::Packet));
    return PendingAttach(std::move(folder), std::move(name), std::move(listener));
}

PendingAttach::~PendingAttach() {
    if (folder_) ignore(remove_file_at(folder_.get(), name_), "the start removes it too");
}

Result<shim::Connection> PendingAttach::accept(uint8_t flags) {
    shim::Connection connection(TRY(accept_unix(listener_.get())));
    TRY(connection.send(shim::PacketType::Attach, std::string(1, static_cast<char>(flags))));
    return connection;
}

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
