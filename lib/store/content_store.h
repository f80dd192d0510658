// SPDX-License-Identifier: Apache-2.0
// Blobs that are kept as they came: manifests and image configs, in `blobs/sha256/<hex>`. Layers'
// compressed blobs are not kept. A blob goes the way of a layer (store/layer_store.h): staged in a
// session, synced with it, renamed into place with its row under the writers' lock.
#pragma once

#include "base/result.h"
#include "store/layer_store.h"
#include "store/store.h"

#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

class ContentStore {
  public:
    explicit ContentStore(Store& store) : store_(store) {}

    // The caller has verified that `bytes` have `digest`.
    static Status stage(const StagingSession& session,
                        std::string_view digest,
                        std::string_view bytes);
    // Inside the caller's transaction, after the session was synced. A blob that is there already
    // stays.
    Status commit(const StagingSession& session, std::string_view digest);
    Result<std::string> get(std::string_view digest);
    // Inside the caller's transaction: deletes the rows of blobs that no image refers to. Their
    // digests.
    Result<std::vector<std::string>> forget_unused();
    // After that transaction's commit, with its lock still held.
    Status remove(const std::vector<std::string>& digests);

  private:
    Store& store_;
};

// "sha256:<64 lower-case hex>" to its hex digits; InvalidArgument for anything else, so that no
// other text ever becomes part of a path.
Result<std::string> digest_hex(std::string_view digest);

}  // namespace dhow::store
