// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/store/tar_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

namespace dhow::store {

namespace {

constexpr size_t kBlock = 512;

std::string octal(uint64_t value, size_t width) {
    std::string digits;
    for (; value > 0; value >>= 3U) digits.insert(digits.begin(), char('0' + (value & 7U)));
    return std::string(width - 1 - std::min(digits.size(), width - 1), '0') + digits + '\0';
}

void put(std::string& block, size_t offset, std::string_view bytes) {
    block.replace(offset, bytes.size(), bytes);
}

std::string sealed(std::string block) {
    put(block, 148, "        ");
    uint64_t sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    put(block, 148, octal(sum, 7));
    return block;
}

std::string padding(size_t size) {
    return std::string((kBlock - size % kBlock) % kBlock, '\0');
}

}  // namespace

std::string tar_header(const TarFields& fields) {
    std::string block(kBlock, '\0');
    put(block, 0, fields.name.substr(0, 100));
    put(block, 100, octal(fields.mode, 8));
    put(block, 108, octal(fields.uid, 8));
    put(block, 116, octal(fields.gid, 8));
    put(block, 124, octal(fields.data.size(), 12));
    put(block, 136, octal(fields.mtime, 12));
    block[156] = fields.type;
    put(block, 157, fields.link.substr(0, 100));
    put(block, 257, std::string_view("ustar\00000", 8));
    put(block, 329, octal(fields.major, 8));
    put(block, 337, octal(fields.minor, 8));
    return sealed(std::move(block));
}

std::string patched(std::string block, size_t offset, std::string_view bytes) {
    put(block, offset, bytes);
    return sealed(std::move(block));
}

std::string base256(uint64_t value, size_t width) {
    std::string field(width, '\0');
    for (size_t i = 0; i < 8 && i < width; ++i, value >>= 8U) {
        field[width - 1 - i] = static_cast<char>(value & 0xffU);
    }
    field[0] = static_cast<char>(static_cast<unsigned char>(field[0]) | 0x80U);
    return field;
}

std::string pax_record(std::string_view key, std::string_view value) {
    const size_t rest = key.size() + value.size() + 3;  // blank, '=', newline
    size_t length = rest;
    while (length != rest + std::to_string(length).size()) {
        length = rest + std::to_string(length).size();
    }
    return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

TarBuilder& TarBuilder::add(const TarFields& fields) {
    bytes_ += tar_header(fields) + fields.data + padding(fields.data.size());
    return *this;
}

TarBuilder& TarBuilder::file(const std::string& name, const std::string& data) {
    return add({.name = name, .data = data});
}

TarBuilder& TarBuilder::folder(const std::string& name, uint32_t mode) {
    return add({.name = name, .type = '5', .mode = mode});
}

TarBuilder& TarBuilder::symlink(const std::string& name, const std::string& target) {
    return add({.name = name, .type = '2', .link = target, .mode = 0777});
}

TarBuilder& TarBuilder::hard_link(const std::string& name, const std::string& target) {
    return add({.name = name, .type = '1', .link = target});
}

TarBuilder& TarBuilder::pax(const std::map<std::string, std::string>& records, char type) {
    std::string content;
    for (const auto& [key, value] : records) content += pax_record(key, value);
    return extension(type, content);
}

TarBuilder& TarBuilder::extension(char type, const std::string& content) {
    return add({.name = "extension", .type = type, .data = content});
}

TarBuilder& TarBuilder::raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
}

Status Recorder::begin(const TarEntry& entry) {
    EXPECT_FALSE(within);
    within = true;
    entries.push_back({entry, {}});
    return {};
}

Status Recorder::data(std::string_view bytes) {
    EXPECT_TRUE(within);
    EXPECT_FALSE(bytes.empty());
    entries.back().data += bytes;
    return {};
}

Status Recorder::end() {
    EXPECT_TRUE(within);
    within = false;
    EXPECT_EQ(entries.back().data.size(), entries.back().entry.size);
    return {};
}

Result<std::vector<ReadEntry>> read_tar(std::string_view bytes, size_t piece) {
    Recorder recorder;
    TarReader reader(recorder);
    while (!bytes.empty()) {
        TRY(reader.feed(bytes.substr(0, piece)));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    TRY(reader.finish());
    return std::move(recorder.entries);
}

}  // namespace dhow::store
