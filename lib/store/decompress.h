// SPDX-License-Identifier: Apache-2.0
// Streams as they travel, inflated: gzip by ISA-L, zstd by libzstd, or plain. Which one is told by
// the first bytes, not by what a registry calls it. Push-style; memory is bounded whatever the
// input says. Runs in dhow-transfer alone.
#pragma once

#include "base/result.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace dhow::store {

using ByteSink = std::function<Status(std::string_view bytes)>;

class Decompressor {
  public:
    explicit Decompressor(ByteSink sink);
    Decompressor(Decompressor&&) noexcept;
    Decompressor& operator=(Decompressor&&) noexcept;
    ~Decompressor();

    Status feed(std::string_view bytes);
    // An error when a compressed stream is cut short.
    Status finish();

  private:
    struct Engine;
    Status decide();

    ByteSink sink_;
    std::string first_;  // until there is enough to tell
    std::unique_ptr<Engine> engine_;
};

}  // namespace dhow::store
