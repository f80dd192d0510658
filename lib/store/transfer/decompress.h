// SPDX-License-Identifier: Apache-2.0
// Streams as they travel, inflated: gzip by ISA-L, zstd by libzstd, or plain. Which one is told by
// the first bytes, not by what a registry calls it. Push-style; memory is bounded whatever the
// input says, and so is what comes out. Runs in dhow-transfer alone.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace dhow::store {

using ByteSink = std::function<Status(std::string_view bytes)>;

// Against streams made to fill a disk. Files of zeros are honest and pack 30000 to 1 with zstd, so
// the ratio counts beyond a size that few layers have.
struct InflateLimits {
    uint64_t bytes = uint64_t{64} << 30U;  // of all that comes out
    uint64_t ratio = 5000;                 // of that to what went in; gzip has at most 1032
    uint64_t any_ratio_below = uint64_t{16} << 30U;
};

class Decompressor {
  public:
    explicit Decompressor(ByteSink sink, InflateLimits limits = {});
    Decompressor(Decompressor&&) noexcept;
    Decompressor& operator=(Decompressor&&) noexcept;
    ~Decompressor();

    Status feed(std::string_view bytes);
    // An error when a compressed stream is cut short.
    Status finish();

  private:
    struct Engine;
    Status decide();
    Status inflate(std::string_view bytes);
    Status deliver(std::string_view bytes);

    ByteSink sink_;
    InflateLimits limits_;
    uint64_t received_ = 0;
    uint64_t made_ = 0;
    std::string first_;  // until there is enough to tell
    std::unique_ptr<Engine> engine_;
};

}  // namespace dhow::store
