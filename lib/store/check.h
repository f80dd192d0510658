// SPDX-License-Identifier: Apache-2.0
// Whether the folders of a store hold what its rows say, and the rows what a schema may: what
// `system check` asks. Reads only.
#pragma once

#include "base/result.h"
#include "store/store.h"
#include "store/transfer_client.h"

#include <string>
#include <vector>

namespace dhow::store {

struct Damage {
    enum class Kind { Database, Layer, Blob, Volume };
    Kind kind = Kind::Database;
    std::string name;     // a digest with "sha256:", or a volume's name
    std::string problem;  // "its folder is missing"
    // Ids of the images that cannot be relied on any more.
    std::vector<std::string> images = {};
};

struct StoreCheck {
    size_t layers = 0;
    size_t blobs = 0;
    size_t volumes = 0;
    std::vector<Damage> damages;
};

// `quick`: only whether everything is there. Else each layer's tar is put together again and every
// blob read, and their digests compared: dhow-transfer's work, with its progress.
Result<StoreCheck> check_store(Store& store, bool quick, const TransferSink& sink);

}  // namespace dhow::store
