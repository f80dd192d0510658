// SPDX-License-Identifier: Apache-2.0
// An image archive opened for random access: decompressed or spooled into the staging folder first
// where it is not a plain, seekable tar.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "store/transfer/decompress.h"

#include <cstdint>
#include <map>
#include <string>

namespace dhow::store {

class ArchiveFile {
  public:
    static Result<ArchiveFile> open(int fd, const std::string& staging_dir);

    [[nodiscard]] bool has(const std::string& name) const { return members_.contains(name); }

    // At most `limit` bytes; NotFound names the member.
    [[nodiscard]] Result<std::string> read(const std::string& name, size_t limit) const;
    [[nodiscard]] Status stream(const std::string& name, const ByteSink& sink) const;

  private:
    struct Member {
        uint64_t offset = 0;
        uint64_t size = 0;
        std::string link;  // of symbolic and hard links: docker-archives name shared layers so
    };

    class Indexer;

    [[nodiscard]] Result<Member> find(const std::string& name) const;

    UniqueFd file_;
    std::map<std::string, Member> members_;
};

}  // namespace dhow::store
