// SPDX-License-Identifier: Apache-2.0
// Deflated and inflated again, in pieces of any size; and the pipe between two threads.
#include "store/transfer/compress.h"

#include "store/transfer/byte_pipe.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace dhow::store {
namespace {

std::string words(size_t size) {
    std::mt19937 random(7);
    std::string text;
    while (text.size() < size) text += "word" + std::to_string(random() % 1000) + " ";
    text.resize(size);
    return text;
}

Result<std::string> there_and_back(const CompressionChoice& choice,
                                   std::string_view bytes,
                                   size_t piece,
                                   size_t* packed = nullptr) {
    std::string back;
    Decompressor inflate([&](std::string_view made) -> Status {
        back += made;
        return {};
    });
    auto deflate = TRY(Compressor::create(choice, [&](std::string_view made) {
        if (packed != nullptr) *packed += made.size();
        return inflate.feed(made);
    }));
    for (size_t at = 0; at < bytes.size(); at += piece) {
        TRY(deflate.feed(bytes.substr(at, piece)));
    }
    TRY(deflate.finish());
    TRY(inflate.finish());
    return back;
}

TEST(Compress, EveryKindAndLevelGivesTheSameBytes) {
    const std::string text = words(3'000'000);
    for (const auto kind : {oci::Compression::Gzip, oci::Compression::Zstd}) {
        for (const int level : {1, 3, 5, 9}) {
            size_t packed = 0;
            const auto back = there_and_back({.kind = kind, .level = level}, text, 70'001, &packed);
            ASSERT_TRUE(back) << back.error().message;
            EXPECT_TRUE(*back == text) << level;
            EXPECT_LT(packed, text.size() / 2) << level;
        }
    }
    EXPECT_EQ(*there_and_back({.kind = oci::Compression::None}, text, 1000), text);
}

TEST(Compress, NothingAndSingleBytes) {
    for (const auto kind : {oci::Compression::Gzip, oci::Compression::Zstd}) {
        EXPECT_EQ(*there_and_back({.kind = kind, .level = {}}, "", 1), "");
        EXPECT_EQ(*there_and_back({.kind = kind, .level = {}}, "abcdef", 1), "abcdef");
    }
}

TEST(Compress, LevelsThatThereAreNot) {
    for (const int level : {0, -1, 10, 77}) {
        const auto checked = check_compression({.kind = oci::Compression::Gzip, .level = level});
        ASSERT_FALSE(checked) << level;
        EXPECT_EQ(checked.error().kind, ErrorKind::InvalidArgument);
    }
    EXPECT_TRUE(check_compression({.kind = oci::Compression::Zstd, .level = 20}));
    EXPECT_FALSE(check_compression({.kind = oci::Compression::Zstd, .level = 21}));
}

std::string read_to_end(BytePipe& pipe) {
    std::string all;
    char buffer[1000];
    while (true) {
        const auto got = pipe.read(buffer, sizeof buffer);
        EXPECT_TRUE(got);
        if (!got || *got == 0) return all;
        all.append(buffer, *got);
    }
}

TEST(BytePipeTest, BytesInOrderBeyondWhatItHolds) {
    const std::string text = words(5'000'000);
    BytePipe pipe;
    std::jthread writer([&] {
        EXPECT_TRUE(pipe.write(text));
        pipe.close({});
    });
    EXPECT_TRUE(read_to_end(pipe) == text);
}

TEST(BytePipeTest, EitherEndMayFail) {
    BytePipe broken;
    broken.close(make_error(ErrorKind::Corrupt, "no more"));
    char buffer[10];
    EXPECT_EQ(broken.read(buffer, sizeof buffer).error().kind, ErrorKind::Corrupt);
    BytePipe left;
    std::jthread reader([&] { left.abandon(); });
    EXPECT_FALSE(left.write(words(10'000'000)));
}

}  // namespace
}  // namespace dhow::store
