// SPDX-License-Identifier: Apache-2.0
// Streams inflated as they come: whole ones by any cut, damaged ones never taken for whole.
#include "store/transfer/decompress.h"

#include "base/random.h"
#include "tests/unit/store/compress.h"

#include <gtest/gtest.h>

#include <sys/resource.h>

namespace dhow::store {
namespace {

Result<std::string> inflate(std::string_view bytes, size_t piece = 1U << 20U) {
    std::string out;
    Decompressor decompressor([&](std::string_view chunk) -> Status {
        EXPECT_FALSE(chunk.empty());
        out += chunk;
        return {};
    });
    while (!bytes.empty()) {
        TRY(decompressor.feed(bytes.substr(0, piece)));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    TRY(decompressor.finish());
    return out;
}

void expect_inflates(std::string_view bytes, const std::string& wanted, size_t piece = 1U << 20U) {
    const auto got = inflate(bytes, piece);
    ASSERT_TRUE(got) << got.error().message << ", pieces of " << piece;
    EXPECT_EQ(got->size(), wanted.size()) << "pieces of " << piece;
    EXPECT_TRUE(*got == wanted) << "pieces of " << piece;
}

void expect_corrupt(std::string_view bytes, std::string_view why) {
    const auto got = inflate(bytes);
    ASSERT_FALSE(got) << why;
    EXPECT_EQ(got.error().kind, ErrorKind::Corrupt) << why;
}

// Text that compresses, with stretches that do not.
std::string sample(size_t size) {
    std::string text;
    uint64_t state = 88172645463325252ULL;
    while (text.size() < size) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        const bool noise = text.size() % 65536 < 20000;
        text += noise ? std::string(reinterpret_cast<const char*>(&state), sizeof state)
                      : "line " + std::to_string(state % 1000) + " of a file\n";
    }
    text.resize(size);
    return text;
}

// Of the part that compresses.
std::string short_sample() {
    return sample(31'000).substr(30'000, 500);
}

using Compress = std::string (*)(std::string_view);

class Both : public testing::TestWithParam<Compress> {
  protected:
    static std::string compress(std::string_view text) { return GetParam()(text); }
};

INSTANTIATE_TEST_SUITE_P(Decompress,
                         Both,
                         testing::Values([](std::string_view text) { return gzip(text); },
                                         [](std::string_view text) { return zstd(text); }));

TEST_P(Both, AnySizeInAnyPieces) {
    for (const size_t size : {0U, 1U, 511U, 512U, 65535U, 65536U, 150'000U}) {
        const auto text = sample(size);
        const auto packed = compress(text);
        for (const size_t piece : {1U, 7U, 4096U, 1U << 20U}) expect_inflates(packed, text, piece);
    }
}

// Where the end of the data is the end of the output buffer as well.
TEST_P(Both, SizesAroundTheOutputBuffer) {
    constexpr size_t kBuffer = 256U << 10U;
    for (const size_t size : {kBuffer - 1, kBuffer, kBuffer + 1, 2 * kBuffer, 3 * kBuffer}) {
        for (const auto& text : {sample(size), std::string(size, '\0')}) {
            const auto packed = compress(text);
            for (const size_t piece : {size_t{1000}, packed.size(), packed.size() - 1}) {
                expect_inflates(packed, text, piece);
            }
        }
    }
}

TEST_P(Both, SeveralMembersAreOneStream) {
    const auto a = sample(100'000);
    const auto packed = compress(a) + compress("") + compress("b") + compress(a);
    for (const size_t piece : {1U, 1000U, 1U << 20U}) expect_inflates(packed, a + "b" + a, piece);
}

TEST_P(Both, EveryCutIsTold) {
    const auto packed = compress(short_sample());
    for (size_t cut = 4; cut < packed.size(); ++cut) {
        expect_corrupt(std::string_view(packed).substr(0, cut), "cut at " + std::to_string(cut));
    }
    const auto two = packed + packed;
    for (size_t cut = packed.size() + 1; cut < two.size(); ++cut) {
        expect_corrupt(std::string_view(two).substr(0, cut), "cut at " + std::to_string(cut));
    }
}

TEST_P(Both, EveryFlippedBitIsToldOrChangesNothing) {
    const auto text = short_sample();
    const auto packed = compress(text);
    for (size_t bit = 32; bit < packed.size() * 8; ++bit) {
        auto damaged = packed;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        const auto got = inflate(damaged);
        EXPECT_TRUE(!got || *got == text) << "bit " << bit;
    }
}

TEST_P(Both, GarbageAfterTheEnd) {
    const auto packed = compress("text");
    expect_corrupt(packed + "garbage that is no member", "text");
    expect_corrupt(packed + std::string(512, '\0'), "zeros");
    expect_corrupt(packed + packed.substr(0, 5), "the beginning of another");
}

TEST_P(Both, OneLevelAlone) {
    const auto inner = compress("text");
    expect_inflates(compress(inner), inner);
}

TEST_P(Both, TheSinksErrorIsTheAnswer) {
    Decompressor decompressor(
        [](std::string_view) -> Status { return make_error(ErrorKind::NoSpace, "full"); });
    const auto fed = decompressor.feed(compress("text"));
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().kind, ErrorKind::NoSpace);
}

TEST_P(Both, FeedingNothingChangesNothing) {
    Decompressor decompressor([](std::string_view) -> Status { return {}; });
    ASSERT_TRUE(decompressor.feed(""));
    ASSERT_TRUE(decompressor.feed(compress("text")));
    ASSERT_TRUE(decompressor.feed(""));
    EXPECT_TRUE(decompressor.finish());
}

TEST(Decompress, PlainBytesPass) {
    expect_inflates("", "");
    for (const std::string text : {"a", "ab", "abc", "abcd", "PK\3\4", "\x1f", "\x28\xb5\x2f"}) {
        expect_inflates(text, text, 1);
    }
    const auto text = sample(100'000);
    for (const size_t piece : {1U, 3U, 1U << 20U}) expect_inflates(text, text, piece);
}

TEST(Decompress, GzipHeadersWithEveryField) {
    const auto packed = gzip("text");
    std::string header = packed.substr(0, 10);
    header[3] = '\x1c';  // FEXTRA, FNAME, FCOMMENT
    const std::string fields = std::string("\x05\0extra", 7) + std::string("name\0note\0", 10);
    const auto whole = header + fields + packed.substr(10);
    for (const size_t piece : {1U, 5U, 1000U}) expect_inflates(whole, "text", piece);
    expect_corrupt(header + fields, "fields alone");
}

TEST(Decompress, GzipThatIsNone) {
    expect_corrupt("\x1f\x8b", "magic alone");
    expect_corrupt(std::string("\x1f\x8b\x07\0\0\0\0\0\0\0", 10), "another method");
    expect_corrupt("\x1f\x8b" + std::string(100, '\xff'), "noise");
    expect_corrupt("\x1f\x8b\x08" + std::string(7, '\0') + std::string(100, '\xff'), "noise");
}

TEST(Decompress, ZstdSkippableFrames) {
    const std::string skippable("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
    const auto packed = zstd("text");
    for (const size_t piece : {1U, 1000U}) {
        expect_inflates(skippable + packed + skippable, "text", piece);
    }
    expect_inflates(skippable, "");
    expect_corrupt(skippable + "text", "no frame after it");
    expect_corrupt(skippable.substr(0, 9), "cut");
}

// A frame that wants more memory for its window than we give.
TEST(Decompress, ZstdWindowsHaveALimit) {
    const auto text = sample(1000);
    expect_inflates(zstd(text, 27), text);
    expect_corrupt(zstd(text, 28), "256 MiB window");
    expect_corrupt(zstd(text, 30), "1 GiB window");
}

// --- bombs --------------------------------------------------------------------------------------

size_t peak_memory() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<size_t>(usage.ru_maxrss) * 1024;
}

TEST_P(Both, ABombTakesNoMemory) {
    const auto packed = compress(std::string(64U << 20U, '\0'));
    const size_t before = peak_memory();
    size_t made = 0;
    Decompressor decompressor([&](std::string_view chunk) -> Status {
        made += chunk.size();
        return {};
    });
    ASSERT_TRUE(decompressor.feed(packed));
    ASSERT_TRUE(decompressor.finish());
    EXPECT_EQ(made, 64U << 20U);
    EXPECT_LT(peak_memory() - before, 16U << 20U);
}

Status inflate_within(std::string_view bytes, const InflateLimits& limits, size_t& made) {
    made = 0;
    Decompressor decompressor(
        [&](std::string_view chunk) -> Status {
            made += chunk.size();
            return {};
        },
        limits);
    TRY(decompressor.feed(bytes));
    return decompressor.finish();
}

TEST_P(Both, TheWholeHasALimit) {
    const auto text = sample(1U << 20U);
    size_t made = 0;
    EXPECT_TRUE(inflate_within(compress(text), {.bytes = 1U << 20U}, made));
    const auto beyond = inflate_within(compress(text + "x"), {.bytes = 1U << 20U}, made);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().kind, ErrorKind::Corrupt);
    EXPECT_LE(made, 1U << 20U);
}

TEST_P(Both, TheRatioHasALimit) {
    const auto bomb = compress(std::string(8U << 20U, '\0'));
    size_t made = 0;
    EXPECT_TRUE(inflate_within(bomb, {.ratio = 100, .any_ratio_below = 8U << 20U}, made));
    const auto beyond = inflate_within(bomb, {.ratio = 100, .any_ratio_below = 1U << 20U}, made);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().kind, ErrorKind::Corrupt);
    EXPECT_LE(made, 2U << 20U);
    const auto honest = compress(sample(4U << 20U));
    EXPECT_TRUE(inflate_within(honest, {.ratio = 100, .any_ratio_below = 1000}, made));
}

TEST(Decompress, PlainBytesHaveTheSameLimit) {
    size_t made = 0;
    EXPECT_TRUE(inflate_within("12345678", {.bytes = 8}, made));
    EXPECT_FALSE(inflate_within("123456789", {.bytes = 8}, made));
}

}  // namespace
}  // namespace dhow::store
