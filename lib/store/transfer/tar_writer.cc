// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/tar_writer.h"

#include <cstdio>
#include <map>
#include <string_view>

namespace dhow::store {

namespace {

constexpr size_t kBlock = 512;

// Where the fields of a header are, and how long (POSIX.1-1988, "ustar Interchange Format").
struct Field {
    size_t offset;
    size_t size;
};

constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kUid{108, 8};
constexpr Field kGid{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kMtime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr size_t kType = 156;
constexpr Field kTarget{157, 100};
constexpr Field kMagic{257, 8};
constexpr Field kMajor{329, 8};
constexpr Field kMinor{337, 8};

// Octal digits and the closing NUL fill the field.
constexpr bool fits(uint64_t value, Field field) {
    return value < uint64_t{1} << (3 * (field.size - 1));
}

char type_flag(TarType type) {
    switch (type) {
        case TarType::Regular:
            return '0';
        case TarType::HardLink:
            return '1';
        case TarType::SymbolicLink:
            return '2';
        case TarType::CharDevice:
            return '3';
        case TarType::BlockDevice:
            return '4';
        case TarType::Directory:
            return '5';
        case TarType::Fifo:
            return '6';
    }
    return '0';
}

class Block {
  public:
    void text(Field field, std::string_view value) {
        bytes_.replace(
            field.offset, std::min(value.size(), field.size), value.substr(0, field.size));
    }

    void number(Field field, uint64_t value) {
        char digits[24];
        const int width = static_cast<int>(field.size) - 1;
        std::snprintf(digits, sizeof digits, "%0*lo", width, fits(value, field) ? value : 0UL);
        text(field, digits);
    }

    void type(char flag) { bytes_[kType] = flag; }

    std::string finish() {
        text(kMagic, std::string_view("ustar\00000", 8));
        text(kChecksum, "        ");
        unsigned sum = 0;
        for (const char c : bytes_) sum += static_cast<unsigned char>(c);
        char digits[8];
        std::snprintf(digits, sizeof digits, "%06o", sum);
        text(kChecksum, std::string_view(digits, 7));
        return std::move(bytes_);
    }

  private:
    std::string bytes_ = std::string(kBlock, '\0');
};

// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
std::string pax_record(const std::string& key, const std::string& value) {
    const size_t rest = key.size() + value.size() + 3;
    size_t length = rest + 1;
    while (length != rest + std::to_string(length).size()) {
        length = rest + std::to_string(length).size();
    }
    return std::to_string(length) + " " + key + "=" + value + "\n";
}

std::string pax_time(const TarEntry& entry) {
    // Nanoseconds count forward from the second; the text is one number.
    int64_t seconds = entry.mtime_seconds;
    int64_t nanos = entry.mtime_nanos;
    const bool negative = seconds < 0 && nanos > 0;
    if (negative) {
        ++seconds;
        nanos = 1'000'000'000 - nanos;
    }
    char fraction[32];
    std::snprintf(fraction, sizeof fraction, ".%09ld", nanos);
    std::string text = negative && seconds == 0 ? "-0" : std::to_string(seconds);
    if (nanos != 0) text += fraction;
    return text;
}

std::map<std::string, std::string> pax_records(const TarEntry& entry) {
    std::map<std::string, std::string> records;
    if (entry.path.size() > kName.size) records["path"] = entry.path;
    if (entry.target.size() > kTarget.size) records["linkpath"] = entry.target;
    if (!fits(entry.size, kSize)) records["size"] = std::to_string(entry.size);
    if (!fits(entry.uid, kUid)) records["uid"] = std::to_string(entry.uid);
    if (!fits(entry.gid, kGid)) records["gid"] = std::to_string(entry.gid);
    const bool plain_time = entry.mtime_nanos == 0 && entry.mtime_seconds >= 0 &&
                            fits(static_cast<uint64_t>(entry.mtime_seconds), kMtime);
    if (!plain_time) records["mtime"] = pax_time(entry);
    for (const auto& [name, value] : entry.xattrs) records["SCHILY.xattr." + name] = value;
    return records;
}

std::string header_block(const TarEntry& entry, char flag) {
    Block block;
    block.text(kName, entry.path);
    block.number(kMode, entry.mode);
    block.number(kUid, entry.uid);
    block.number(kGid, entry.gid);
    block.number(kSize, entry.size);
    block.number(kMtime, entry.mtime_seconds < 0 ? 0 : static_cast<uint64_t>(entry.mtime_seconds));
    block.type(flag);
    block.text(kTarget, entry.target);
    block.number(kMajor, entry.device_major);
    block.number(kMinor, entry.device_minor);
    return block.finish();
}

}  // namespace

std::string tar_padding(uint64_t size) {
    return std::string((kBlock - size % kBlock) % kBlock, '\0');
}

std::string tar_end() {
    return std::string(2 * kBlock, '\0');
}

std::string tar_header(const TarEntry& entry) {
    std::string records;
    for (const auto& [key, value] : pax_records(entry)) records += pax_record(key, value);
    std::string block = header_block(entry, type_flag(entry.type));
    if (records.empty()) return block;
    TarEntry extension;
    extension.path = "PaxHeaders/entry";
    extension.mode = 0644;
    extension.size = records.size();
    return header_block(extension, 'x') + records + tar_padding(records.size()) + block;
}

}  // namespace dhow::store
