// SPDX-License-Identifier: Apache-2.0
// Layers as they travel, deflated: gzip by ISA-L, zstd by libzstd, or plain. Push-style, the
// counterpart of decompress.h. Runs in dhow-transfer alone.
#pragma once

#include "base/result.h"
#include "oci/spec/descriptor.h"
#include "store/transfer/decompress.h"

#include <memory>
#include <optional>
#include <string_view>

namespace dhow::store {

struct CompressionChoice {
    oci::Compression kind = oci::Compression::Gzip;
    // gzip 1 to 9, zstd 1 to 20; the default of each when absent.
    std::optional<int> level;
};

// InvalidArgument when the level is none of that kind.
Status check_compression(const CompressionChoice& choice);

class Compressor {
  public:
    // As check_compression().
    static Result<Compressor> create(const CompressionChoice& choice, ByteSink sink);
    Compressor(Compressor&&) noexcept;
    Compressor& operator=(Compressor&&) noexcept;
    ~Compressor();

    Status feed(std::string_view bytes);
    Status finish();

  private:
    struct Engine;
    struct Plain;
    struct Gzip;
    struct Zstd;
    explicit Compressor(std::unique_ptr<Engine> engine);

    std::unique_ptr<Engine> engine_;
};

}  // namespace dhow::store
