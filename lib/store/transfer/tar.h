// SPDX-License-Identifier: Apache-2.0
// Reading tar streams: ustar, pax (POSIX.1-2001) and the GNU extensions images use. Push-style:
// whoever has bytes feeds them, in pieces of any size. Every byte is hostile: numbers are bounded,
// names too, checksums are verified, and what is not understood is an error, never skipped. Runs in
// dhow-transfer alone.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace dhow::store {

enum class TarType { Regular, HardLink, SymbolicLink, CharDevice, BlockDevice, Directory, Fifo };

struct TarEntry {
    TarType type = TarType::Regular;
    std::string path;    // as written, not normalised
    std::string target;  // of links
    uint32_t mode = 0;   // permission bits, setuid and sticky included
    uint32_t uid = 0;
    uint32_t gid = 0;
    uint64_t size = 0;  // bytes of data that follow; 0 but for Regular
    int64_t mtime_seconds = 0;
    int64_t mtime_nanos = 0;
    uint32_t device_major = 0;
    uint32_t device_minor = 0;
    std::map<std::string, std::string> xattrs;
    uint64_t data_offset = 0;  // of the data in the stream
};

class TarSink {
  public:
    virtual ~TarSink() = default;
    virtual Status begin(const TarEntry& entry) = 0;
    virtual Status data(std::string_view bytes) = 0;
    virtual Status end() = 0;

    // Every byte of the stream that data() does not get, in its place: headers, padding, the end.
    virtual Status raw(std::string_view /*bytes*/) { return {}; }
};

class TarReader {
  public:
    explicit TarReader(TarSink& sink) : sink_(sink) {}

    Status feed(std::string_view bytes);
    // The stream is over: an error when that is in the middle of something.
    Status finish();

  private:
    enum class State { Header, Data, Padding, Extension, ExtensionPadding, Over };

    [[nodiscard]] size_t piece(size_t available) const;
    Status take(std::string_view bytes);
    Status header_block(std::string_view block);
    Status start_entry(std::string_view block, char type);
    Status start_extension(char type);
    Status end_extension();
    Status end_entry();
    Status apply_pax(std::string_view records, std::map<std::string, std::string>& into);
    Status read_device(std::string_view block, TarEntry& entry) const;
    Status apply_overrides(TarEntry& entry);
    [[nodiscard]] Error broken(std::string_view why) const;

    TarSink& sink_;
    State state_ = State::Header;
    std::string block_;       // a header that is not complete yet
    uint64_t remaining_ = 0;  // of data, padding or extension
    uint64_t padding_ = 0;
    uint64_t offset_ = 0;
    uint64_t entries_ = 0;
    char extension_type_ = 0;
    std::string extension_;
    std::string long_name_;
    std::string long_link_;
    std::map<std::string, std::string> pax_;         // for the next entry
    std::map<std::string, std::string> global_pax_;  // for all that follow
    bool zero_block_ = false;
};

}  // namespace dhow::store
