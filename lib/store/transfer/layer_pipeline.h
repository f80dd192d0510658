// SPDX-License-Identifier: Apache-2.0
// One layer from its bytes to its folder: compressed digest and size, inflate, DiffID, tar, unpack;
// in one pass, no temporary file; what the folder does not keep of it goes to a skeleton. Nothing
// is reported as done before every sum has matched.
#pragma once

#include "base/result.h"
#include "oci/spec/digest.h"
#include "store/transfer/decompress.h"
#include "store/transfer/layer_apply.h"
#include "store/transfer/sha256.h"
#include "store/transfer/tar.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace dhow::store {

struct LayerExpectation {
    std::optional<oci::Digest>
        digest;                    // of the bytes as they come; absent in archives that give none
    std::optional<uint64_t> size;  // likewise
    std::optional<oci::DiffId> diff_id;  // absent in a layer that is made here
};

class LayerPipeline {
  public:
    LayerPipeline(LayerExpectation expected,
                  RootDir folder,
                  SkeletonWriter skeleton,
                  bool rootless);
    LayerPipeline(const LayerPipeline&) = delete;
    LayerPipeline& operator=(const LayerPipeline&) = delete;

    Status feed(std::string_view bytes);
    // Corrupt when a digest, the size or the DiffID is another; names both.
    Status finish();

    [[nodiscard]] uint64_t unpacked_size() const { return applier_.size(); }

    // After finish().
    [[nodiscard]] const oci::DiffId& diff_id() const { return *expected_.diff_id; }

  private:
    LayerExpectation expected_;
    SkeletonWriter skeleton_;
    LayerApplier applier_;
    TarReader tar_;
    Sha256 compressed_hash_;
    Sha256 content_hash_;
    Decompressor decompressor_;
    uint64_t received_ = 0;
};

}  // namespace dhow::store
