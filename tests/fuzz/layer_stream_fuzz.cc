// SPDX-License-Identifier: Apache-2.0
// A layer's bytes, inflated and read as tar. However they are cut into pieces, the same entries
// come out; what is accepted is within the limits that unpacking relies on.
#include "store/transfer/decompress.h"
#include "store/transfer/layer_apply.h"
#include "store/transfer/tar.h"
#include "tests/fuzz/require.h"

#include <algorithm>
#include <string>

namespace {

using namespace dhow;
using namespace dhow::store;
using fuzz::require;

// Entries as one text, so that two readings can be compared.
class Summary : public TarSink {
  public:
    Status begin(const TarEntry& entry) override {
        require(!within_);
        require(!entry.path.empty() && entry.path.size() <= 4096);
        require(entry.path.find('\0') == std::string::npos);
        require(entry.target.size() <= 4096 && entry.target.find('\0') == std::string::npos);
        require(entry.mode <= 07777U);
        require(entry.mtime_nanos >= 0 && entry.mtime_nanos < 1'000'000'000);
        require(entry.type == TarType::Regular || entry.size == 0);
        if (const auto path = normalize_entry_path(entry.path)) {
            require(!path->starts_with('/') && !path->ends_with('/'));
            require(("/" + *path + "/").find("/../") == std::string::npos);
            require(path->find("//") == std::string::npos);
        } else {
            fuzz::require_printable(path.error().message);
        }
        text += entry.path + "\n" + entry.target + "\n" + std::to_string(entry.size) + " " +
                std::to_string(entry.uid) + " " + std::to_string(entry.mtime_seconds) + " " +
                std::to_string(entry.data_offset) + "\n";
        for (const auto& [name, value] : entry.xattrs) text += name + "=" + value + "\n";
        left_ = entry.size;
        within_ = true;
        return {};
    }

    Status data(std::string_view bytes) override {
        require(within_ && bytes.size() <= left_);
        left_ -= bytes.size();
        text += bytes;
        return {};
    }

    Status end() override {
        require(within_ && left_ == 0);
        within_ = false;
        return {};
    }

    std::string text;

  private:
    bool within_ = false;
    uint64_t left_ = 0;
};

Status read(std::string_view bytes, size_t piece, Summary& summary) {
    constexpr InflateLimits kLimits{.bytes = 4U << 20U};
    TarReader tar(summary);
    Decompressor decompressor([&](std::string_view made) { return tar.feed(made); }, kLimits);
    while (!bytes.empty()) {
        const size_t taken = std::min(piece, bytes.size());
        TRY(decompressor.feed(bytes.substr(0, taken)));
        bytes.remove_prefix(taken);
    }
    TRY(decompressor.finish());
    return tar.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const auto bytes = fuzz::as_text(data + 1, size - 1);
    Summary whole;
    Summary pieces;
    const auto read_whole = read(bytes, bytes.size(), whole);
    const auto read_pieces = read(bytes, 1U + data[0], pieces);
    require(static_cast<bool>(read_whole) == static_cast<bool>(read_pieces));
    if (!read_whole) {
        fuzz::require_printable(read_whole.error().message);
    } else {
        require(whole.text == pieces.text);
    }
    return 0;
}
