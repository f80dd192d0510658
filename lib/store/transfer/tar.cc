// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/tar.h"

#include "base/text.h"

#include <algorithm>
#include <optional>

namespace dhow::store {

namespace {

constexpr size_t kBlock = 512;
constexpr size_t kMaxExtension = 1U << 20U;
constexpr size_t kMaxRecords = 1024;
constexpr size_t kMaxPath = 4096;
constexpr uint64_t kMaxEntries = 4'000'000;
constexpr uint64_t kMaxSize = uint64_t{1} << 44U;
constexpr std::string_view kXattrPrefix = "SCHILY.xattr.";
constexpr std::string_view kSparsePrefix = "GNU.sparse.";

std::string_view field(std::string_view block, size_t offset, size_t size) {
    const std::string_view raw = block.substr(offset, size);
    return raw.substr(0, raw.find('\0'));
}

// Octal with blanks around it, or GNU's base-256 when the first bit is set. Negative numbers:
// nullopt.
std::optional<uint64_t> number(std::string_view block, size_t offset, size_t size) {
    const std::string_view raw = block.substr(offset, size);
    const auto first = static_cast<unsigned char>(raw.front());
    if ((first & 0x80U) != 0) {
        if ((first & 0x7fU) != 0) return std::nullopt;
        uint64_t value = 0;
        for (const char c : raw.substr(1)) {
            if (value >> 56U != 0) return std::nullopt;
            value = value << 8U | static_cast<unsigned char>(c);
        }
        return value;
    }
    const std::string_view text = trim(raw.substr(0, raw.find('\0')));
    return text.empty() ? std::optional<uint64_t>(0) : parse_int<uint64_t>(text, 8);
}

// Times before the epoch: GNU's base-256 in two's complement.
std::optional<int64_t> time_number(std::string_view block, size_t offset, size_t size) {
    const std::string_view raw = block.substr(offset, size);
    if (raw.front() != '\xff') {
        const auto value = number(block, offset, size);
        if (!value || *value > INT64_MAX) return std::nullopt;
        return static_cast<int64_t>(*value);
    }
    uint64_t value = UINT64_MAX;
    for (const char c : raw) {
        if (value >> 55U != UINT64_MAX >> 55U) return std::nullopt;
        value = value << 8U | static_cast<unsigned char>(c);
    }
    return static_cast<int64_t>(value);
}

bool checksum_matches(std::string_view block) {
    constexpr size_t kOffset = 148;
    constexpr size_t kSize = 8;
    const auto stored = number(block, kOffset, kSize);
    uint64_t sum = 0;
    for (size_t i = 0; i < kBlock; ++i) {
        const bool in_field = i >= kOffset && i < kOffset + kSize;
        sum += in_field ? ' ' : static_cast<unsigned char>(block[i]);
    }
    return stored == sum;
}

uint64_t padding_of(uint64_t size) {
    return (kBlock - size % kBlock) % kBlock;
}

std::optional<TarType> type_of(char flag) {
    switch (flag) {
        case '0':
        case '\0':
        case '7':
            return TarType::Regular;
        case '1':
            return TarType::HardLink;
        case '2':
            return TarType::SymbolicLink;
        case '3':
            return TarType::CharDevice;
        case '4':
            return TarType::BlockDevice;
        case '5':
            return TarType::Directory;
        case '6':
            return TarType::Fifo;
        default:
            return std::nullopt;
    }
}

// Pax records that mean something here; others are checked for their form and forgotten.
bool is_understood(std::string_view key) {
    constexpr std::string_view kKeys[] = {"path", "linkpath", "size", "uid", "gid", "mtime"};
    return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys) ||
           key.starts_with(kXattrPrefix) || key.starts_with(kSparsePrefix);
}

// "1234567890.123456789", maybe negative, as pax writes times.
bool parse_time(std::string_view text, TarEntry& entry) {
    const auto [whole, fraction] = split_once(text, '.');
    const auto seconds = parse_int<int64_t>(whole);
    if (!seconds) return false;
    entry.mtime_seconds = *seconds;
    entry.mtime_nanos = 0;
    if (!fraction || fraction->empty()) return true;
    std::string digits(fraction->substr(0, 9));
    digits.resize(9, '0');
    const auto nanos = parse_int<int64_t>(digits);
    if (!nanos || *nanos < 0) return false;
    entry.mtime_nanos = *nanos;
    if (!whole.starts_with('-') || *nanos == 0) return true;
    // The nanoseconds count forward, from the second before.
    if (*seconds == INT64_MIN) return false;
    entry.mtime_seconds = *seconds - 1;
    entry.mtime_nanos = 1'000'000'000 - *nanos;
    return true;
}

}  // namespace

Error TarReader::broken(std::string_view why) const {
    return make_error(ErrorKind::Corrupt,
                      "tar stream at byte " + std::to_string(offset_) + ": " + std::string(why));
}

Status TarReader::feed(std::string_view bytes) {
    while (!bytes.empty() && state_ != State::Over) {
        const size_t taken = piece(bytes.size());
        offset_ += taken;
        if (state_ != State::Data) TRY(sink_.raw(bytes.substr(0, taken)));
        TRY(take(bytes.substr(0, taken)));
        bytes.remove_prefix(taken);
    }
    return bytes.empty() ? Status() : sink_.raw(bytes);
}

// How much of `available` belongs to what is being read now.
size_t TarReader::piece(size_t available) const {
    switch (state_) {
        case State::Header:
            return std::min(available, kBlock - block_.size());
        case State::Data:
        case State::Extension:
            return static_cast<size_t>(std::min<uint64_t>(available, remaining_));
        case State::Padding:
        case State::ExtensionPadding:
            return static_cast<size_t>(std::min<uint64_t>(available, padding_));
        case State::Over:
            break;
    }
    return available;
}

Status TarReader::take(std::string_view bytes) {
    switch (state_) {
        case State::Header:
            block_ += bytes;
            return block_.size() < kBlock ? Status() : header_block(std::exchange(block_, {}));
        case State::Data:
            remaining_ -= bytes.size();
            TRY(sink_.data(bytes));
            return remaining_ > 0 ? Status() : end_entry();
        case State::Extension:
            remaining_ -= bytes.size();
            extension_ += bytes;
            return remaining_ > 0 ? Status() : end_extension();
        case State::Padding:
        case State::ExtensionPadding:
            padding_ -= bytes.size();
            if (padding_ == 0) state_ = State::Header;
            return {};
        case State::Over:
            break;
    }
    return {};
}

Status TarReader::finish() {
    // Some writers leave out the closing zero blocks, and that is harmless; a cut entry is not.
    const bool whole = state_ == State::Over || (state_ == State::Header && block_.empty()) ||
                       (state_ == State::Padding);
    const bool pending = !pax_.empty() || !long_name_.empty() || !long_link_.empty();
    if (whole && !pending) return {};
    return broken("it ends in the middle of an entry");
}

Status TarReader::header_block(std::string_view block) {
    if (block.find_first_not_of('\0') == std::string_view::npos) {
        if (zero_block_) state_ = State::Over;
        zero_block_ = true;
        return {};
    }
    zero_block_ = false;
    if (!checksum_matches(block)) return broken("header checksum does not match");
    if (++entries_ > kMaxEntries) return broken("too many entries");
    const auto size = number(block, 124, 12);
    if (!size || *size > kMaxSize) return broken("invalid size");
    remaining_ = *size;
    const char type = block[156];
    if (type == 'x' || type == 'g' || type == 'L' || type == 'K') return start_extension(type);
    return start_entry(block, type);
}

Status TarReader::start_extension(char type) {
    if (remaining_ > kMaxExtension) return broken("extended header larger than 1 MiB");
    extension_type_ = type;
    extension_.clear();
    padding_ = padding_of(remaining_);
    state_ = State::Extension;
    return remaining_ == 0 ? end_extension() : Status();
}

Status TarReader::end_extension() {
    state_ = padding_ > 0 ? State::ExtensionPadding : State::Header;
    const std::string_view text = std::string_view(extension_).substr(0, extension_.find('\0'));
    switch (extension_type_) {
        case 'L':
            long_name_ = text;
            return {};
        case 'K':
            long_link_ = text;
            return {};
        case 'g':
            return apply_pax(extension_, global_pax_);
        default:
            return apply_pax(extension_, pax_);
    }
}

// "LENGTH KEY=VALUE\n": the length counts the whole record, and values may hold newlines and NULs.
// Records of several headers add up, and are looked at for each entry: all of them have the limit
// of one.
Status TarReader::apply_pax(std::string_view records, std::map<std::string, std::string>& into) {
    while (!records.empty()) {
        const size_t blank = records.find(' ');
        if (blank > 10) return broken("invalid pax record");
        const auto length = parse_int<size_t>(records.substr(0, blank));
        if (!length || *length <= blank + 1 || *length > records.size() ||
            records[*length - 1] != '\n') {
            return broken("invalid pax record length");
        }
        const std::string_view record = records.substr(blank + 1, *length - blank - 2);
        const auto [key, value] = split_once(record, '=');
        if (!value) return broken("pax record without '='");
        if (is_understood(key)) into[std::string(key)] = *value;
        if (into.size() > kMaxRecords) return broken("too many pax records");
        records.remove_prefix(*length);
    }
    size_t held = 0;
    for (const auto& [key, value] : into) held += key.size() + value.size();
    return held > kMaxExtension ? broken("pax records larger than 1 MiB") : Status();
}

Status TarReader::start_entry(std::string_view block, char type_flag) {
    TarEntry entry;
    const auto type = type_of(type_flag);
    if (!type) {
        return make_error(ErrorKind::Unsupported,
                          "tar entry of type '" + printable(std::string_view(&type_flag, 1)) +
                              "' is not supported");
    }
    entry.type = *type;
    entry.path = field(block, 0, 100);
    if (block.substr(257, 5) == "ustar" && block[262] == '\0' && block[345] != '\0') {
        entry.path = std::string(field(block, 345, 155)) + "/" + entry.path;
    }
    entry.target = field(block, 157, 100);
    const auto mode = number(block, 100, 8);
    const auto uid = number(block, 108, 8);
    const auto gid = number(block, 116, 8);
    const auto mtime = time_number(block, 136, 12);
    if (!mode || !uid || !gid || !mtime || *uid > UINT32_MAX || *gid > UINT32_MAX) {
        return broken("invalid number in a header");
    }
    const bool device = *type == TarType::CharDevice || *type == TarType::BlockDevice;
    if (device) TRY(read_device(block, entry));
    entry.mode = static_cast<uint32_t>(*mode & 07777U);
    entry.uid = static_cast<uint32_t>(*uid);
    entry.gid = static_cast<uint32_t>(*gid);
    entry.mtime_seconds = *mtime;
    entry.size = remaining_;
    TRY(apply_overrides(entry));
    // Old tars mark folders by a slash alone.
    if (entry.type == TarType::Regular && entry.path.ends_with('/'))
        entry.type = TarType::Directory;
    if (entry.type != TarType::Regular) entry.size = 0;
    entry.data_offset = offset_;
    remaining_ = entry.size;
    padding_ = padding_of(remaining_);
    TRY(sink_.begin(entry));
    if (remaining_ == 0) return end_entry();
    state_ = State::Data;
    return {};
}

// Other entries hold anything in these fields.
Status TarReader::read_device(std::string_view block, TarEntry& entry) const {
    const auto major = number(block, 329, 8);
    const auto minor = number(block, 337, 8);
    if (!major || !minor || *major > UINT32_MAX || *minor > UINT32_MAX) {
        return broken("invalid device number");
    }
    entry.device_major = static_cast<uint32_t>(*major);
    entry.device_minor = static_cast<uint32_t>(*minor);
    return {};
}

Status TarReader::apply_overrides(TarEntry& entry) {
    if (!long_name_.empty()) entry.path = std::exchange(long_name_, {});
    if (!long_link_.empty()) entry.target = std::exchange(long_link_, {});
    auto records = global_pax_;
    for (auto& [key, value] : pax_) records[key] = std::move(value);
    pax_.clear();
    for (const auto& [key, value] : records) {
        bool good = true;
        if (key == "path") entry.path = value;
        if (key == "linkpath") entry.target = value;
        if (key == "mtime") good = parse_time(value, entry);
        if (key == "size" || key == "uid" || key == "gid") {
            const auto parsed = parse_int<uint64_t>(value);
            good = parsed && *parsed <= (key == "size" ? kMaxSize : UINT32_MAX);
            if (good && key == "size") entry.size = *parsed;
            if (good && key == "uid") entry.uid = static_cast<uint32_t>(*parsed);
            if (good && key == "gid") entry.gid = static_cast<uint32_t>(*parsed);
        }
        if (key.starts_with(kXattrPrefix)) entry.xattrs[key.substr(kXattrPrefix.size())] = value;
        if (key.starts_with(kSparsePrefix)) {
            return make_error(ErrorKind::Unsupported,
                              "sparse file '" + printable(entry.path) + "' in a tar stream");
        }
        if (!good) return broken("invalid pax value of '" + printable(key) + "'");
    }
    const bool bad_name =
        entry.path.empty() || entry.path.size() > kMaxPath || entry.target.size() > kMaxPath ||
        entry.path.find('\0') != std::string::npos || entry.target.find('\0') != std::string::npos;
    if (bad_name) return broken("a name is empty, too long, or holds a NUL");
    return {};
}

Status TarReader::end_entry() {
    state_ = padding_ > 0 ? State::Padding : State::Header;
    return sink_.end();
}

}  // namespace dhow::store
