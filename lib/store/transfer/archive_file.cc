// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/archive_file.h"

#include "base/file.h"
#include "base/text.h"
#include "store/transfer/layer_apply.h"
#include "store/transfer/tar.h"
#include "store/transfer/tree_transfer.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::store {

namespace {

constexpr size_t kChunk = 1U << 20U;
constexpr int kMaxLinks = 8;

// Always through a spool file: the bytes that are indexed are then the bytes that are read later,
// even if somebody writes to the archive meanwhile.
Result<UniqueFd> spool(int fd, const std::string& staging_dir) {
    constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
    auto file = TRY(open_at(AT_FDCWD, staging_dir + "/archive.tar", kFlags, 0600));
    Decompressor decompressor([&](std::string_view bytes) { return write_all(file.get(), bytes); });
    std::vector<char> chunk(kChunk);
    while (true) {
        const ssize_t got = ::read(fd, chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read the archive");
        if (got == 0) break;
        TRY_CONTEXT(decompressor.feed({chunk.data(), static_cast<size_t>(got)}), "image archive");
    }
    TRY_CONTEXT(decompressor.finish(), "image archive");
    return file;
}

// Folders of a link's own place and "..", resolved as text: members are names, not files.
std::string resolve_link(const std::string& from, const std::string& target) {
    std::vector<std::string> parts = split(from, '/');
    parts.pop_back();
    if (target.starts_with('/')) parts.clear();
    for (std::string& part : split(target, '/')) {
        if (part.empty() || part == ".") continue;
        if (part != "..") {
            parts.push_back(std::move(part));
        } else if (!parts.empty()) {
            parts.pop_back();
        }
    }
    return join(parts, "/");
}

}  // namespace

class ArchiveFile::Indexer : public TarSink {
  public:
    explicit Indexer(std::map<std::string, Member>& members) : members_(members) {}

    Status begin(const TarEntry& entry) override {
        const auto name = TRY(normalize_entry_path(entry.path));
        Member member{.offset = entry.data_offset, .size = entry.size, .link = {}};
        if (entry.type == TarType::SymbolicLink) member.link = resolve_link(name, entry.target);
        if (entry.type == TarType::HardLink) member.link = TRY(normalize_entry_path(entry.target));
        const bool usable = entry.type == TarType::Regular || !member.link.empty();
        if (usable) members_[name] = std::move(member);
        return {};
    }

    Status data(std::string_view /*bytes*/) override { return {}; }

    Status end() override { return {}; }

  private:
    std::map<std::string, Member>& members_;
};

Result<ArchiveFile> ArchiveFile::open_folder(int folder) {
    ArchiveFile archive;
    archive.folder_.emplace(TRY(open_dir_at(folder, ".")));
    return archive;
}

// Its digest is checked by whoever reads it: somebody may be changing the folder meanwhile.
Result<UniqueFd> ArchiveFile::open_in_folder(const std::string& name) const {
    auto file = TRY(folder_->open_at(name, O_RDONLY | O_NONBLOCK, 0, RootDir::Links::Beneath));

    struct stat st {};

    if (::fstat(file.get(), &st) != 0) return system_error("look at '" + printable(name) + "'");
    if (S_ISREG(st.st_mode)) return file;
    return make_error(ErrorKind::Corrupt, "'" + printable(name) + "' is no regular file");
}

bool ArchiveFile::has(const std::string& name) const {
    return folder_ ? open_in_folder(name).has_value() : members_.contains(name);
}

Result<ArchiveFile> ArchiveFile::open(int fd, const std::string& staging_dir) {
    struct stat st {};

    if (::fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) return open_folder(fd);
    ArchiveFile archive;
    archive.file_ = TRY(spool(fd, staging_dir));
    if (::lseek(archive.file_.get(), 0, SEEK_SET) != 0) return system_error("rewind the archive");
    Indexer indexer(archive.members_);
    TarReader tar(indexer);
    std::vector<char> chunk(kChunk);
    while (true) {
        const ssize_t got = ::read(archive.file_.get(), chunk.data(), chunk.size());
        if (got < 0) return system_error("read the archive");
        if (got == 0) break;
        TRY_CONTEXT(tar.feed({chunk.data(), static_cast<size_t>(got)}), "image archive");
    }
    TRY_CONTEXT(tar.finish(), "image archive");
    return archive;
}

Result<ArchiveFile::Member> ArchiveFile::find(const std::string& name) const {
    std::string at = name;
    for (int i = 0; i < kMaxLinks; ++i) {
        const auto found = members_.find(at);
        if (found == members_.end()) break;
        if (found->second.link.empty()) return found->second;
        at = found->second.link;
    }
    return make_error(ErrorKind::NotFound, "the archive has no '" + printable(name) + "'");
}

Result<std::string> ArchiveFile::read(const std::string& name, size_t limit) const {
    if (folder_) return folder_->read_file(name, limit);
    const auto member = TRY(find(name));
    if (member.size > limit) {
        return make_error(ErrorKind::InvalidArgument,
                          "'" + printable(name) + "' in the archive is too large");
    }
    std::string bytes;
    TRY(stream(name, [&](std::string_view chunk) -> Status {
        bytes += chunk;
        return {};
    }));
    return bytes;
}

Status ArchiveFile::stream(const std::string& name, const ByteSink& sink) const {
    if (folder_) {
        const auto file = TRY(open_in_folder(name));
        return read_stream(file.get(), sink);
    }
    const auto member = TRY(find(name));
    std::vector<char> chunk(std::min<uint64_t>(kChunk, std::max<uint64_t>(member.size, 1)));
    uint64_t done = 0;
    while (done < member.size) {
        const size_t want =
            static_cast<size_t>(std::min<uint64_t>(chunk.size(), member.size - done));
        const ssize_t got =
            ::pread(file_.get(), chunk.data(), want, static_cast<off_t>(member.offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return system_error("read the archive", got == 0 ? EIO : errno);
        TRY(sink({chunk.data(), static_cast<size_t>(got)}));
        done += static_cast<uint64_t>(got);
    }
    return {};
}

}  // namespace dhow::store
