// SPDX-License-Identifier: Apache-2.0
// Blobs that are kept as they came: manifests and image configs, in `blobs/sha256/<hex>`. Layers'
// compressed blobs are not kept. Written by temp + fsync + rename; a blob with a row is whole.
#pragma once

#include "base/result.h"
#include "store/store.h"

#include <string>
#include <string_view>

namespace dhow::store {

class ContentStore {
  public:
    explicit ContentStore(Store& store) : store_(store) {}

    // The caller has verified that `bytes` have `digest`. Idempotent.
    Status put(std::string_view digest, std::string_view bytes);
    Result<std::string> get(std::string_view digest);
    Status remove(std::string_view digest);

  private:
    Store& store_;
};

// "sha256:<64 lower-case hex>" to its hex digits; InvalidArgument for anything else, so that no
// other text ever becomes part of a path.
Result<std::string> digest_hex(std::string_view digest);

}  // namespace dhow::store
