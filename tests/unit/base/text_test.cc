// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include "base/base64.h"
#include "base/random.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <set>

namespace dhow {
namespace {

using namespace std::string_view_literals;

TEST(Text, ParseIntTakesTheWholeTextOrNothing) {
    EXPECT_EQ(parse_int<int>("0"), 0);
    EXPECT_EQ(parse_int<int>("-12"), -12);
    EXPECT_EQ(parse_int<int>("007"), 7);
    EXPECT_EQ(parse_int<unsigned>("ff", 16), 255U);
    for (const auto text : {""sv,
                            " 1"sv,
                            "1 "sv,
                            "+1"sv,
                            "1x"sv,
                            "0x1"sv,
                            "-"sv,
                            "--1"sv,
                            "1.0"sv,
                            "1e3"sv,
                            "1\0"sv,
                            "\0"sv,
                            "\n1"sv,
                            "\xd9\xa1"sv}) {
        EXPECT_FALSE(parse_int<int>(text)) << printable(text);
    }
}

TEST(Text, ParseIntNeverWraps) {
    EXPECT_EQ(parse_int<uint16_t>("65535"), 65535);
    EXPECT_FALSE(parse_int<uint16_t>("65536"));
    EXPECT_FALSE(parse_int<uint16_t>("-1"));
    EXPECT_FALSE(parse_int<uint64_t>("-0"));
    EXPECT_EQ(parse_int<int64_t>("-9223372036854775808"), std::numeric_limits<int64_t>::min());
    EXPECT_EQ(parse_int<int64_t>("9223372036854775807"), std::numeric_limits<int64_t>::max());
    EXPECT_FALSE(parse_int<int64_t>("9223372036854775808"));
    EXPECT_EQ(parse_int<uint64_t>("18446744073709551615"), std::numeric_limits<uint64_t>::max());
    EXPECT_FALSE(parse_int<uint64_t>("18446744073709551616"));
    EXPECT_FALSE(parse_int<int>(std::string(10'000, '9')));
}

TEST(Text, Split) {
    EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
    EXPECT_EQ(split(",", ','), (std::vector<std::string>{"", ""}));
    EXPECT_EQ(split("a", ','), (std::vector<std::string>{"a"}));
    EXPECT_EQ(join(split("x:y::", ':'), ":"), "x:y::");
    EXPECT_EQ(join({}, ","), "");

    const auto pair = split_once("k=v=w", '=');
    EXPECT_EQ(pair.first, "k");
    EXPECT_EQ(pair.second, "v=w");
    EXPECT_EQ(split_once("k=", '=').second, "");
    EXPECT_EQ(split_once("k", '=').second, std::nullopt);
    EXPECT_EQ(split_once("=v", '=').first, "");
}

TEST(Text, TrimAndCase) {
    EXPECT_EQ(trim(" \t a b\r\n"), "a b");
    EXPECT_EQ(trim(" \n"), "");
    EXPECT_EQ(trim(""), "");
    EXPECT_EQ(trim("\0a"sv), "\0a"sv);
    EXPECT_EQ(to_lower("AbZ@[\xc4"), "abz@[\xc4");
}

TEST(Text, Hex) {
    EXPECT_TRUE(is_hex("0123456789abcdef"));
    for (const auto text : {""sv, "A"sv, "g"sv, "a "sv, "a\0"sv}) EXPECT_FALSE(is_hex(text));
    EXPECT_EQ(to_hex("\0\x7f\xff"sv), "007fff");
}

TEST(Text, PrintableLeavesNothingForATerminalToObey) {
    EXPECT_EQ(printable("a b~"), "a b~");
    EXPECT_EQ(printable("\x1b[31m\r\n\t\0\x7f\x80\xff"sv),
              "\\x1b[31m\\x0d\\x0a\\x09\\x00\\x7f\\x80\\xff");
}

TEST(Base64, KnownTexts) {  // RFC 4648, section 10
    const std::pair<const char*, const char*> known[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : known) {
        EXPECT_EQ(encode_base64(plain), coded);
        EXPECT_EQ(decode_base64(coded), plain);
    }
}

TEST(Base64, EveryByteAndLengthSurvives) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) {
        EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
        bytes += static_cast<char>(255 - i);
    }
}

TEST(Base64, AnythingElseIsRefused) {
    for (const auto text : {"Z"sv,
                            "Zg"sv,
                            "Zg="sv,
                            "Zg==="sv,
                            "===="sv,
                            "Z==="sv,
                            "Zg==Zm9v"sv,
                            "Zg=a"sv,
                            "=Zg="sv,
                            "Zm9v\n"sv,
                            "Zm 9"sv,
                            "Zm-_"sv,
                            "Zm9\0"sv,
                            "Zm9\xff"sv}) {
        EXPECT_FALSE(decode_base64(text)) << printable(text);
    }
}

TEST(Random, HexHasItsLengthAndDiffers) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const std::string id = random_hex(16);
        EXPECT_EQ(id.size(), 32U);
        EXPECT_TRUE(is_hex(id));
        EXPECT_TRUE(seen.insert(id).second);
    }
    EXPECT_EQ(random_hex(0), "");
}

TEST(Random, BelowReachesEveryValueAndNeverTheBound) {
    std::set<uint32_t> seen;
    for (int i = 0; i < 2000; ++i) {
        const uint32_t number = random_below(7);
        ASSERT_LT(number, 7U);
        seen.insert(number);
    }
    EXPECT_EQ(seen.size(), 7U);
    EXPECT_EQ(random_below(1), 0U);
}

}  // namespace
}  // namespace dhow
