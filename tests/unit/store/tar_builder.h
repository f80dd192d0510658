// SPDX-License-Identifier: Apache-2.0
// Tar streams written field by field, so that a test can write what no tar tool would.
#pragma once

#include "store/transfer/tar.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>
#include <unistd.h>

namespace dhow::store {

struct TarFields {
    std::string name;
    char type = '0';
    std::string link;
    std::string data;
    uint32_t mode = 0644;
    uid_t uid = ::geteuid();
    gid_t gid = ::getegid();
    uint64_t mtime = 1'600'000'000;
    uint32_t major = 0;
    uint32_t minor = 0;
};

// One block of 512 bytes, its checksum right.
std::string tar_header(const TarFields& fields);
// The same block with other bytes in one place, its checksum right again.
std::string patched(std::string block, size_t offset, std::string_view bytes);
// A number as GNU tar writes those that do not fit octal digits.
std::string base256(uint64_t value, size_t width);
// "LENGTH KEY=VALUE\n"
std::string pax_record(std::string_view key, std::string_view value);

class TarBuilder {
  public:
    TarBuilder& add(const TarFields& fields);
    TarBuilder& file(const std::string& name, const std::string& data);
    TarBuilder& folder(const std::string& name, uint32_t mode = 0755);
    TarBuilder& symlink(const std::string& name, const std::string& target);
    TarBuilder& hard_link(const std::string& name, const std::string& target);
    TarBuilder& pax(const std::map<std::string, std::string>& records, char type = 'x');
    // Any extension header: 'x', 'g', 'L', 'K'.
    TarBuilder& extension(char type, const std::string& content);
    TarBuilder& raw(std::string_view bytes);

    // Without and with the two closing blocks of zeros.
    [[nodiscard]] const std::string& open_end() const { return bytes_; }

    [[nodiscard]] std::string bytes() const { return bytes_ + std::string(1024, '\0'); }

  private:
    std::string bytes_;
};

struct ReadEntry {
    TarEntry entry;
    std::string data;
};

// Keeps what a reader tells it.
class Recorder : public TarSink {
  public:
    Status begin(const TarEntry& entry) override;
    Status data(std::string_view bytes) override;
    Status end() override;

    std::vector<ReadEntry> entries;
    bool within = false;
};

// All of a stream, fed in pieces of `piece` bytes.
Result<std::vector<ReadEntry>> read_tar(std::string_view bytes, size_t piece = 1U << 20U);

}  // namespace dhow::store
