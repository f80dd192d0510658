// SPDX-License-Identifier: Apache-2.0
// An image archive opened for random access: spooled into the staging folder first, decompressed;
// or a folder that holds the same files.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "base/unique_fd.h"
#include "store/transfer/decompress.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace dhow::store {

class ArchiveFile {
  public:
    static Result<ArchiveFile> open(int fd, const std::string& staging_dir);

    [[nodiscard]] bool has(const std::string& name) const;

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

    static Result<ArchiveFile> open_folder(int folder);
    [[nodiscard]] Result<Member> find(const std::string& name) const;
    [[nodiscard]] Result<UniqueFd> open_in_folder(const std::string& name) const;

    UniqueFd file_;
    std::optional<RootDir> folder_;  // instead of a file
    std::map<std::string, Member> members_;
};

}  // namespace dhow::store
