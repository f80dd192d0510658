// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/skeleton.h"

#include "base/file.h"
#include "base/text.h"
#include "store/transfer/compress.h"

#include <cerrno>
#include <functional>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::store {

namespace {

constexpr std::string_view kMagic = "dhow layer skeleton 1\n";
constexpr size_t kRawAtOnce = 64U << 10U;
constexpr size_t kMaxRecord = 2U << 20U;  // an extended header of 1 MiB comes in pieces

void append_number(std::string& to, uint64_t value) {
    for (; value >= 0x80; value >>= 7U) to += static_cast<char>(value | 0x80U);
    to += static_cast<char>(value);
}

std::string text_record(char type, std::string_view text) {
    std::string record(1, type);
    append_number(record, text.size());
    record += text;
    return record;
}

Error damaged(std::string_view why) {
    return make_error(ErrorKind::Corrupt, "layer skeleton: " + std::string(why));
}

}  // namespace

// --- SkeletonWriter -----------------------------------------------------------------------------

struct SkeletonWriter::Stream {
    Stream(UniqueFd output, UniqueFd beside, std::string layer)
        : file(std::move(output)), folder(std::move(beside)), name(std::move(layer)) {}

    Status put(std::string_view bytes) { return deflate->feed(bytes); }

    Status flush_raw() {
        if (pending.empty()) return {};
        TRY(put(text_record('R', pending)));
        pending.clear();
        return {};
    }

    Result<UniqueFd> shadow_folder() { return make_dir_at(folder.get(), name + ".shadow"); }

    UniqueFd file;
    UniqueFd folder;
    std::string name;
    std::optional<Compressor> deflate;
    std::string pending;
    uint64_t total = 0;
    uint64_t buried = 0;
};

SkeletonWriter::SkeletonWriter(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

SkeletonWriter::SkeletonWriter(SkeletonWriter&&) noexcept = default;
SkeletonWriter& SkeletonWriter::operator=(SkeletonWriter&&) noexcept = default;
SkeletonWriter::~SkeletonWriter() = default;

Result<SkeletonWriter> SkeletonWriter::create(int folder, const std::string& name) {
    auto beside = TRY(open_at(folder, ".", O_PATH | O_DIRECTORY));
    auto file = TRY(open_at(folder, name + ".skeleton", O_WRONLY | O_CREAT | O_EXCL, 0600));
    auto stream = std::make_unique<Stream>(std::move(file), std::move(beside), name);
    const int fd = stream->file.get();
    const auto write = [fd](std::string_view bytes) -> Status {
        TRY_CONTEXT(write_all(fd, bytes), "write the skeleton of a layer");
        return {};
    };
    stream->deflate = TRY(Compressor::create({.kind = oci::Compression::Zstd}, write));
    TRY(stream->put(kMagic));
    return SkeletonWriter(std::move(stream));
}

Status SkeletonWriter::raw(std::string_view bytes) {
    stream_->total += bytes.size();
    while (!bytes.empty()) {
        const size_t room = kRawAtOnce - stream_->pending.size();
        stream_->pending += bytes.substr(0, room);
        bytes.remove_prefix(std::min(room, bytes.size()));
        if (stream_->pending.size() == kRawAtOnce) TRY(stream_->flush_raw());
    }
    return {};
}

Status SkeletonWriter::file(std::string_view path, uint64_t size) {
    if (size == 0) return {};
    TRY(stream_->flush_raw());
    stream_->total += size;
    std::string record = text_record('F', path);
    append_number(record, size);
    return stream_->put(record);
}

Status SkeletonWriter::bury(int parent, const std::string& name, std::string_view path) {
    const auto folder = TRY(stream_->shadow_folder());
    const std::string number = std::to_string(stream_->buried);
    if (::renameat(parent, name.c_str(), folder.get(), number.c_str()) != 0) {
        return system_error("move '" + printable(path) + "' out of the way");
    }
    ++stream_->buried;
    TRY(stream_->flush_raw());
    return stream_->put(text_record('S', path));
}

Status SkeletonWriter::finish() {
    TRY(stream_->flush_raw());
    std::string record("E");
    append_number(record, stream_->total);
    TRY(stream_->put(record));
    return stream_->deflate->finish();
}

// --- reading ------------------------------------------------------------------------------------

namespace {

struct Record {
    char type = 0;
    std::string_view text;  // of R, F, S
    uint64_t number = 0;    // of F and E
};

// Cuts the inflated stream into records; hands on each with its number in the row.
class RecordParser {
  public:
    using Take = std::function<Status(const Record& record, uint64_t position)>;

    explicit RecordParser(const Take& take) : take_(take) {}

    Status feed(std::string_view bytes) {
        pending_ += bytes;
        std::string_view rest = pending_;
        if (!begun_) {
            if (rest.size() < kMagic.size()) return {};
            if (!rest.starts_with(kMagic)) return damaged("it is none");
            rest.remove_prefix(kMagic.size());
            begun_ = true;
        }
        while (TRY(next(rest))) continue;
        pending_.erase(0, pending_.size() - rest.size());
        return pending_.size() > kMaxRecord ? damaged("a record is too long") : Status();
    }

    [[nodiscard]] Status finish() const { return over_ ? Status() : damaged("it is cut short"); }

  private:
    static std::optional<uint64_t> number(std::string_view& rest) {
        uint64_t value = 0;
        for (size_t i = 0; i < rest.size() && i < 9; ++i) {
            const auto byte = static_cast<unsigned char>(rest[i]);
            value |= uint64_t{byte & 0x7fU} << (7 * i);
            if ((byte & 0x80U) != 0) continue;
            rest.remove_prefix(i + 1);
            return value;
        }
        return std::nullopt;
    }

    // False when there is no whole record; `rest` is then as it was.
    Result<bool> next(std::string_view& rest) {
        if (rest.empty()) return false;
        if (over_) return damaged("something follows its end");
        std::string_view left = rest;
        Record record{.type = left[0]};
        left.remove_prefix(1);
        if (record.type != 'E') {
            const auto length = number(left);
            if (length && *length > kMaxRecord) return damaged("a record is too long");
            if (!length || left.size() < *length) return false;
            record.text = left.substr(0, *length);
            left.remove_prefix(*length);
        }
        if (record.type == 'E' || record.type == 'F') {
            const auto value = number(left);
            if (!value) return false;
            record.number = *value;
        } else if (record.type != 'R' && record.type != 'S') {
            return damaged("unknown record");
        }
        over_ = record.type == 'E';
        TRY(take_(record, position_++));
        rest = left;
        return true;
    }

    const Take& take_;
    std::string pending_;
    uint64_t position_ = 0;
    bool begun_ = false;
    bool over_ = false;
};

Status read_records(int skeleton, const RecordParser::Take& take) {
    RecordParser parser(take);
    Decompressor inflate([&](std::string_view bytes) { return parser.feed(bytes); });
    std::vector<char> buffer(kRawAtOnce);
    for (off_t offset = 0;;) {
        const ssize_t got = ::pread(skeleton, buffer.data(), buffer.size(), offset);
        if (got < 0) return system_error("read the skeleton of a layer");
        if (got == 0) break;
        offset += got;
        TRY(inflate.feed(std::string_view(buffer.data(), static_cast<size_t>(got))));
    }
    TRY(inflate.finish());
    return parser.finish();
}

// "a/b" lies in "a" and in "a/b": what follows, or nothing.
std::optional<std::string_view> below(std::string_view path, std::string_view folder) {
    if (path == folder) return std::string_view();
    if (!path.starts_with(folder) || path[folder.size()] != '/') return std::nullopt;
    return path.substr(folder.size());
}

}  // namespace

LayerStream::LayerStream(UniqueFd skeleton, RootDir layer, UniqueFd shadows)
    : skeleton_(std::move(skeleton)), layer_(std::move(layer)), shadows_(std::move(shadows)) {}

Result<LayerStream> LayerStream::open(int skeletons, const std::string& hex, RootDir layer) {
    auto skeleton = open_at(skeletons, hex, O_RDONLY | O_NOFOLLOW);
    if (!skeleton && skeleton.error().sys_errno == ENOENT) {
        return make_error(ErrorKind::NotFound,
                          "layer " + hex.substr(0, 12) + " has no skeleton",
                          "remove the image and pull it again");
    }
    if (!skeleton) return std::move(skeleton).error();
    auto shadows = open_at(skeletons, hex + ".shadow", O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!shadows && shadows.error().sys_errno != ENOENT) return std::move(shadows).error();
    LayerStream stream(skeleton.take(), std::move(layer), shadows ? shadows.take() : UniqueFd());
    TRY(stream.scan());
    return stream;
}

Status LayerStream::scan() {
    return read_records(skeleton_.get(), [this](const Record& record, uint64_t position) -> Status {
        if (record.type == 'S') shadowed_.push_back({position, std::string(record.text)});
        if (record.type == 'E') size_ = record.number;
        return {};
    });
}

// Where the file is now: what was buried after its record took it along.
Result<UniqueFd> LayerStream::open_file(const std::string& path, uint64_t position) const {
    constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    for (size_t number = 0; number < shadowed_.size(); ++number) {
        const auto rest = below(path, shadowed_[number].path);
        if (shadowed_[number].position < position || !rest) continue;
        const RootDir shadows(TRY(open_at(shadows_.get(), ".", O_PATH | O_DIRECTORY)));
        return shadows.open_at(std::to_string(number) + std::string(*rest), kFlags);
    }
    return layer_.open_at(path, kFlags);
}

Status LayerStream::copy_file(const std::string& path,
                              uint64_t size,
                              uint64_t position,
                              const ByteSink& sink) const {
    const auto file = TRY(open_file(path, position));

    struct stat st {};

    if (::fstat(file.get(), &st) != 0) return system_error("stat '" + printable(path) + "'");
    if (!S_ISREG(st.st_mode) || static_cast<uint64_t>(st.st_size) != size) {
        return make_error(ErrorKind::Corrupt,
                          "file '" + printable(path) + "' of the layer has changed",
                          "remove the image and pull it again");
    }
    std::vector<char> buffer(std::min<uint64_t>(size, 256U << 10U));
    while (size > 0) {
        const ssize_t got =
            ::read(file.get(), buffer.data(), std::min(size, uint64_t{buffer.size()}));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read '" + printable(path) + "'");
        if (got == 0) {
            return make_error(ErrorKind::Corrupt,
                              "file '" + printable(path) + "' of the layer is cut short");
        }
        size -= static_cast<uint64_t>(got);
        TRY(sink(std::string_view(buffer.data(), static_cast<size_t>(got))));
    }
    return {};
}

Status LayerStream::write_to(const ByteSink& sink) const {
    return read_records(skeleton_.get(), [&](const Record& record, uint64_t position) -> Status {
        if (record.type == 'R') return sink(record.text);
        if (record.type != 'F') return {};
        return copy_file(std::string(record.text), record.number, position, sink);
    });
}

}  // namespace dhow::store
