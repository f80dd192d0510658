// SPDX-License-Identifier: Apache-2.0
// Unpacked layers, keyed by DiffID: `layers/<hex>` is the lower folder of overlays, and
// `skeletons/<hex>` what makes its tar of it again (store/transfer/skeleton.h). A layer becomes
// visible in one way: unpacked in a staging session with a held lock, digest and DiffID verified by
// dhow-transfer, syncfs, then rename + fsync + row under the writers' lock. A layer with a row is
// whole; a folder without one is a leftover that the next commit adopts or gc sweeps.
#pragma once

#include "base/file.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "store/store.h"
#include "store/transfer_protocol.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

// A folder `staging/<random>/` that is ours while we hold the flock(2) on it. What is left in it at
// the end goes with it.
class [[nodiscard]] StagingSession {
  public:
    static Result<StagingSession> create(Store& store);

    StagingSession(StagingSession&& other) noexcept;
    StagingSession& operator=(StagingSession&&) = delete;
    ~StagingSession();  // removes the folder, then frees the lock

    [[nodiscard]] int fd() const { return folder_.get(); }

    [[nodiscard]] const std::string& name() const { return name_; }

    // Absolute path of the folder.
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    StagingSession(UniqueFd parent, std::string name, std::string path, UniqueFd folder);

    UniqueFd parent_;
    std::string name_;
    std::string path_;
    UniqueFd folder_;  // holds the flock(2)
};

struct StagedLayer {
    std::string diff_id;  // "sha256:<hex>"
    std::string folder;   // name in the session's folder; empty: the layer was there already
    uint64_t size = 0;    // bytes of its files
    LayerBlob blob = {};  // what it came as; may be none
};

class LayerStore {
  public:
    explicit LayerStore(Store& store) : store_(store) {}

    // Those with rows.
    Result<std::vector<std::string>> present(const std::vector<std::string>& diff_ids);
    // Inside the caller's transaction, after sync(): moves the folders into place and inserts rows
    // for what is not there yet. Conflict when a layer thought present was removed meanwhile: fetch
    // again.
    Status commit(const StagingSession& session, const std::vector<StagedLayer>& layers);
    // syncfs(2) on the session's file system: before the transaction, because it may take seconds.
    static Status sync(const StagingSession& session);
    // Bytes of its files; 0 for one that is not here.
    Result<uint64_t> size_of(std::string_view diff_id);
    // Inside the caller's transaction: what a layer is in a registry; the latest of each counts.
    Status remember_blob(std::string_view diff_id, const LayerBlob& blob);
    // The latest first.
    Result<std::vector<LayerBlob>> known_blobs(std::string_view diff_id);
    // Inside the caller's transaction: deletes the rows of layers that no image refers to. Their
    // ids.
    Result<std::vector<std::string>> forget_unused();
    // After that transaction's commit, with its lock still held: moves the folders away into
    // `session`.
    Status move_away(const StagingSession& session, const std::vector<std::string>& diff_ids);

    // Absolute path of a layer's folder.
    [[nodiscard]] std::string path_of(std::string_view diff_id) const;

  private:
    Store& store_;
};

}  // namespace dhow::store
