// SPDX-License-Identifier: Apache-2.0
#include "store/layer_store.h"

#include "base/clock.h"
#include "base/random.h"
#include "store/content_store.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::store {

namespace {

constexpr const char* kStaging = "staging";
constexpr const char* kLayers = "layers";
constexpr const char* kSkeletons = "skeletons";

// The folder itself carries the lock: nothing to create after it and before the lock. gc may meet
// the folder in the gap before flock(2); it then takes the lock or has unlinked the folder, and
// we try with another name.
Result<bool> lock_new_folder(int fd) {
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return false;
        return system_error("lock a staging folder");
    }

    struct stat st {};

    if (::fstat(fd, &st) != 0) return system_error("stat a staging folder");
    return st.st_nlink != 0;
}

}  // namespace

// --- StagingSession -----------------------------------------------------------------------------

StagingSession::StagingSession(UniqueFd parent, std::string name, std::string path, UniqueFd folder)
    : parent_(std::move(parent)),
      name_(std::move(name)),
      path_(std::move(path)),
      folder_(std::move(folder)) {}

StagingSession::StagingSession(StagingSession&& other) noexcept = default;

StagingSession::~StagingSession() {
    if (!folder_) return;
    ignore(remove_tree_at(parent_.get(), name_), "gc finds what is left once the lock is free");
}

Result<StagingSession> StagingSession::create(Store& store) {
    constexpr int kAttempts = 100;
    auto parent = TRY(open_dir_at(store.root_fd(), kStaging));
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        std::string name = random_hex(8);
        auto folder = make_dir_at(parent.get(), name, 0700);
        if (!folder && folder.error().sys_errno == ENOENT) continue;
        auto fd = TRY(std::move(folder));
        if (!TRY(lock_new_folder(fd.get()))) continue;
        std::string path = store.path_of(std::string(kStaging) + "/" + name);
        return StagingSession(std::move(parent), std::move(name), std::move(path), std::move(fd));
    }
    return make_error(ErrorKind::Internal, "create a staging folder: each was taken away");
}

// --- LayerStore ---------------------------------------------------------------------------------

static Result<bool> has_row(Database& database, std::string_view diff_id) {
    auto query = TRY(database.query("SELECT 1 FROM layers WHERE diff_id=?", {diff_id}));
    return query.step();
}

Result<std::vector<std::string>> LayerStore::present(const std::vector<std::string>& diff_ids) {
    std::vector<std::string> found;
    for (const std::string& diff_id : diff_ids) {
        if (TRY(has_row(store_.database(), diff_id))) found.push_back(diff_id);
    }
    return found;
}

Status LayerStore::sync(const StagingSession& session) {
    if (::syncfs(session.fd()) != 0) return system_error("sync the staging folder");
    return {};
}

// The layer was not unpacked because its folder was there, but has no row (any more): a layer whose
// removal came in between, or a leftover. What has no row is not trusted.
static Error vanished(const StagingSession& session, int layers, const std::string& hex) {
    const std::string aside = "orphan-" + hex;
    if (::renameat(layers, hex.c_str(), session.fd(), aside.c_str()) != 0 && errno != ENOENT) {
        return system_error("move layer '" + hex + "' away");
    }
    return make_error(ErrorKind::Conflict,
                      "layer '" + hex + "' was removed in the meantime",
                      "run the command again");
}

// With something in the way, exchange: the leftover goes with the session.
static Status move_one(int session, const std::string& from, int folder, const std::string& to) {
    if (::renameat2(session, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno == EEXIST &&
        ::renameat2(session, from.c_str(), folder, to.c_str(), RENAME_EXCHANGE) == 0) {
        return {};
    }
    return system_error("move '" + from + "' of a layer into place");
}

namespace {

// The two folders that a layer is in.
struct LayerFolders {
    UniqueFd layers;
    UniqueFd skeletons;

    static Result<LayerFolders> open(const Store& store) {
        auto layers = TRY(open_dir_at(store.root_fd(), kLayers));
        auto skeletons = TRY(open_dir_at(store.root_fd(), kSkeletons));
        return LayerFolders{std::move(layers), std::move(skeletons)};
    }
};

}  // namespace

// The skeleton first: a folder without one could never be pushed.
static Status move_into_place(const StagingSession& session,
                              const StagedLayer& layer,
                              const LayerFolders& folders,
                              const std::string& hex) {
    if (layer.folder != hex) {
        return make_error(ErrorKind::InvalidArgument,
                          "staged layer '" + hex + "' has a wrong name");
    }
    for (const char* part : {"", ".shadow"}) {
        const std::string from = hex + (*part == 0 ? ".skeleton" : part);
        auto moved = move_one(session.fd(), from, folders.skeletons.get(), hex + part);
        if (!moved && moved.error().sys_errno != ENOENT) return moved;
    }
    return move_one(session.fd(), hex, folders.layers.get(), hex);
}

Status LayerStore::commit(const StagingSession& session, const std::vector<StagedLayer>& layers) {
    const auto folders = TRY(LayerFolders::open(store_));
    const UnixNanos now = now_unix_nanos();
    bool moved = false;
    for (const StagedLayer& layer : layers) {
        const std::string hex = TRY(digest_hex(layer.diff_id));
        if (TRY(has_row(store_.database(), layer.diff_id))) continue;
        if (layer.folder.empty()) return vanished(session, folders.layers.get(), hex);
        TRY(move_into_place(session, layer, folders, hex));
        moved = true;
        TRY(store_.database().execute(
            "INSERT INTO layers(diff_id, size, created_at) VALUES(?, ?, ?)",
            {layer.diff_id, static_cast<int64_t>(layer.size), now}));
    }
    if (!moved) return {};
    for (const int folder : {folders.skeletons.get(), folders.layers.get()}) {
        if (::fsync(folder) != 0) return system_error("fsync the folder of layers");
    }
    return {};
}

Result<uint64_t> LayerStore::size_of(std::string_view diff_id) {
    auto query = TRY(store_.database().query("SELECT size FROM layers WHERE diff_id=?", {diff_id}));
    if (!TRY(query.step())) return uint64_t{0};
    return static_cast<uint64_t>(query.integer(0));
}

Status LayerStore::remember_blob(std::string_view diff_id, const LayerBlob& blob) {
    if (blob.digest.empty()) return {};
    return store_.database().execute(
        "INSERT INTO layer_blobs(diff_id, digest, repository, size, media_type, seen_at)"
        " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(diff_id, digest, repository) DO UPDATE SET"
        " seen_at=excluded.seen_at",
        {diff_id,
         blob.digest,
         blob.repository,
         static_cast<int64_t>(blob.size),
         blob.media_type,
         now_unix_nanos()});
}

Result<std::vector<LayerBlob>> LayerStore::known_blobs(std::string_view diff_id) {
    constexpr size_t kMost = 16;
    auto query = TRY(store_.database().query(
        "SELECT digest, repository, size, media_type FROM layer_blobs WHERE diff_id=?"
        " ORDER BY seen_at DESC",
        {diff_id}));
    std::vector<LayerBlob> blobs;
    while (blobs.size() < kMost && TRY(query.step())) {
        blobs.push_back({.digest = query.text(0),
                         .size = static_cast<uint64_t>(query.integer(2)),
                         .media_type = query.text(3),
                         .repository = query.text(1)});
    }
    return blobs;
}

Result<std::vector<std::string>> LayerStore::forget_unused() {
    auto query = TRY(store_.database().query(
        "DELETE FROM layers WHERE NOT EXISTS"
        " (SELECT 1 FROM image_layers WHERE image_layers.diff_id = layers.diff_id)"
        " RETURNING diff_id"));
    std::vector<std::string> diff_ids;
    while (TRY(query.step())) diff_ids.push_back(query.text(0));
    return diff_ids;
}

// Into the session, which removes it at its end; what is missing is success.
static Status move_aside(int folder,
                         const std::string& name,
                         const StagingSession& session,
                         const std::string& aside) {
    if (::renameat(folder, name.c_str(), session.fd(), aside.c_str()) == 0 || errno == ENOENT) {
        return {};
    }
    return system_error("move layer '" + name + "' away");
}

Status LayerStore::move_away(const StagingSession& session,
                             const std::vector<std::string>& diff_ids) {
    const auto folders = TRY(LayerFolders::open(store_));
    for (const std::string& diff_id : diff_ids) {
        const std::string hex = TRY(digest_hex(diff_id));
        TRY(move_aside(folders.layers.get(), hex, session, "removed-" + hex));
        for (const char* part : {"", ".shadow"}) {
            TRY(move_aside(
                folders.skeletons.get(), hex + part, session, "removed-skeleton-" + hex + part));
        }
    }
    return {};
}

std::string LayerStore::path_of(std::string_view diff_id) const {
    const size_t colon = diff_id.find(':');
    const std::string_view hex =
        colon == std::string_view::npos ? diff_id : diff_id.substr(colon + 1);
    return store_.path_of(std::string(kLayers) + "/" + std::string(hex));
}

}  // namespace dhow::store
