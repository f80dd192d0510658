// SPDX-License-Identifier: Apache-2.0
#include "store/gc.h"

#include "base/file.h"
#include "store/layer_store.h"

#include <cerrno>
#include <cstdio>
#include <set>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace dhow::store {

namespace {

struct DeadSession {
    std::string name;
    UniqueFd folder;  // holds its lock
};

// The dead session's folder with its lock in our hands; an invalid fd when its owner lives.
Result<UniqueFd> take_dead_session(int staging, const std::string& name) {
    auto folder = open_at(staging, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!folder && folder.error().sys_errno == ENOENT) return UniqueFd();
    // Nobody puts anything but folders here: somebody's mistake, and nobody's to hold.
    if (!folder && (folder.error().sys_errno == ENOTDIR || folder.error().sys_errno == ELOOP)) {
        return open_at(staging, name, O_PATH | O_NOFOLLOW);
    }
    if (!folder) return folder;
    if (::flock(folder->get(), LOCK_EX | LOCK_NB) == 0) return folder;
    if (errno == EWOULDBLOCK) return UniqueFd();
    return system_error("lock staging folder '" + name + "'");
}

Result<std::set<std::string>> hex_column(Database& database, std::string_view sql) {
    auto query = TRY(database.query(sql));
    std::set<std::string> values;
    while (TRY(query.step())) {
        const std::string digest = query.text(0);
        values.insert(digest.substr(digest.find(':') + 1));
    }
    return values;
}

std::set<std::string> with_shadows(const std::set<std::string>& layers) {
    std::set<std::string> names = layers;
    for (const std::string& hex : layers) names.insert(hex + ".shadow");
    return names;
}

// Moves what has no row from `folder` into the session, which removes it at its end.
Result<int> move_orphans(const Store& store,
                         const StagingSession& session,
                         const std::string& folder,
                         const std::set<std::string>& known) {
    const auto fd = TRY(open_dir_at(store.root_fd(), folder));
    const auto names = TRY(list_dir_at(fd.get(), "."));
    const std::string kind = folder.substr(0, folder.find('/'));
    int moved = 0;
    for (const std::string& name : names) {
        if (known.count(name) != 0) continue;
        // Counted: a leftover's name is anything, and may be there in several folders.
        const std::string aside = kind + "-" + std::to_string(moved);
        if (::renameat(fd.get(), name.c_str(), session.fd(), aside.c_str()) != 0) {
            return system_error("move leftover '" + folder + "/" + name + "' away");
        }
        ++moved;
    }
    return moved;
}

// A volume's content may be dear to somebody: without a row it goes when it is empty, or when its
// owner was about to remove it.
Result<int> remove_volumes(const Store& store,
                           const StagingSession& session,
                           const std::set<std::string>& known,
                           const std::set<std::string>& unwanted) {
    const auto fd = TRY(open_dir_at(store.root_fd(), "volumes"));
    const auto names = TRY(list_dir_at(fd.get(), "."));
    int removed = 0;
    for (const std::string& name : names) {
        if (known.count(name) != 0) continue;
        if (unwanted.count(name) != 0) {
            const std::string aside = "volume-" + std::to_string(removed);
            if (::renameat(fd.get(), name.c_str(), session.fd(), aside.c_str()) == 0) ++removed;
            continue;
        }
        const std::string data = name + "/_data";
        ignore(::unlinkat(fd.get(), data.c_str(), AT_REMOVEDIR), "fails on purpose when not empty");
        if (::unlinkat(fd.get(), name.c_str(), AT_REMOVEDIR) == 0) ++removed;
    }
    return removed;
}

}  // namespace

Result<bool> leftovers_exist(Store& store) {
    const auto staging = TRY(open_dir_at(store.root_fd(), "staging"));
    const auto names = TRY(list_dir_at(staging.get(), "."));
    for (const std::string& name : names) {
        const auto dead = TRY(take_dead_session(staging.get(), name));
        if (dead) return true;
    }
    return false;
}

// Under the writers' lock: no commit is between its renames and its rows.
static Status move_leftovers(Store& store,
                             const StagingSession& session,
                             const std::set<std::string>& unwanted_volumes,
                             Swept& swept) {
    const auto transaction = TRY(Transaction::begin(store.database(), Durability::Synced));
    const auto layers = TRY(hex_column(store.database(), "SELECT diff_id FROM layers"));
    const auto blobs = TRY(hex_column(store.database(), "SELECT digest FROM blobs"));
    const auto volumes = TRY(hex_column(store.database(), "SELECT name FROM volumes"));
    swept.layers = TRY(move_orphans(store, session, "layers", layers));
    TRY(move_orphans(store, session, "skeletons", with_shadows(layers)));
    swept.blobs = TRY(move_orphans(store, session, "blobs/sha256", blobs));
    swept.volumes = TRY(remove_volumes(store, session, volumes, unwanted_volumes));
    return {};
}

Result<Swept> sweep(Store& store) {
    Swept swept;
    // First our own: should we die in here, it is the sign for the next sweep.
    const auto session = TRY(StagingSession::create(store));
    const auto staging = TRY(open_dir_at(store.root_fd(), "staging"));
    std::vector<DeadSession> dead;
    std::set<std::string> unwanted_volumes;
    for (const std::string& name : TRY(list_dir_at(staging.get(), "."))) {
        if (name == session.name()) continue;
        auto folder = TRY(take_dead_session(staging.get(), name));
        if (!folder) continue;
        const auto volume = read_file_at(folder.get(), kRemovedVolume);
        if (volume) unwanted_volumes.insert(*volume);
        dead.push_back({name, std::move(folder)});
    }
    TRY(move_leftovers(store, session, unwanted_volumes, swept));
    // Last, for what they say of volumes.
    for (const DeadSession& each : dead) {
        TRY(remove_tree_at(staging.get(), each.name));
        ++swept.sessions;
    }
    return swept;
}

}  // namespace dhow::store
