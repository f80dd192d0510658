// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <gtest/gtest.h>

#include <limits>

namespace dhow {
namespace {

constexpr UnixNanos kSecond = 1'000'000'000;
constexpr UnixNanos kMax = std::numeric_limits<UnixNanos>::max();
constexpr UnixNanos kMin = std::numeric_limits<UnixNanos>::min();

TEST(Clock, FormatsNanosecondsInUtc) {
    EXPECT_EQ(format_rfc3339(0), "1970-01-01T00:00:00.000000000Z");
    EXPECT_EQ(format_rfc3339(1), "1970-01-01T00:00:00.000000001Z");
    EXPECT_EQ(format_rfc3339(-1), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(format_rfc3339(1'769'846'950 * kSecond + 123'456'789),
              "2026-01-31T08:09:10.123456789Z");
    EXPECT_EQ(format_rfc3339(kMax), "2262-04-11T23:47:16.854775807Z");
    EXPECT_EQ(format_rfc3339(kMin), "1677-09-21T00:12:43.145224192Z");
}

TEST(Clock, ParsesWhatItFormats) {
    for (const UnixNanos time :
         {UnixNanos{0}, UnixNanos{-1}, kMax, kMin, 951'782'400 * kSecond, now_unix_nanos()}) {
        const auto parsed = parse_rfc3339(format_rfc3339(time));
        ASSERT_TRUE(parsed) << format_rfc3339(time);
        EXPECT_EQ(*parsed, time);
    }
}

TEST(Clock, OffsetsAndFractions) {
    const UnixNanos whole = *parse_rfc3339("2026-01-31T08:09:10Z");
    EXPECT_EQ(*parse_rfc3339("2026-01-31T10:09:10+02:00"), whole);
    EXPECT_EQ(*parse_rfc3339("2026-01-31T03:39:10-04:30"), whole);
    EXPECT_EQ(*parse_rfc3339("2026-01-31t08:09:10z"), whole);
    EXPECT_EQ(*parse_rfc3339("2026-01-31 08:09:10Z"), whole);
    EXPECT_EQ(*parse_rfc3339("2026-01-31T08:09:10.5Z"), whole + kSecond / 2);
    EXPECT_EQ(*parse_rfc3339("2026-01-31T08:09:10.000000001Z"), whole + 1);
    EXPECT_EQ(*parse_rfc3339("2026-01-31T08:09:10.1234567899999Z"), whole + 123'456'789);
    EXPECT_EQ(*parse_rfc3339("2016-12-31T23:59:60Z"), *parse_rfc3339("2017-01-01T00:00:00Z"));
}

TEST(Clock, NonsenseIsRefused) {
    for (const char* text : {"",
                             "2026",
                             "2026-01-31",
                             "2026-01-31T08:09:10",
                             "2026-01-31T08:09Z",
                             "2026-01-31T08:09:10.Z",
                             "2026-01-31T08:09:10ZZ",
                             " 2026-01-31T08:09:10Z",
                             "2026-00-31T08:09:10Z",
                             "2026-13-01T08:09:10Z",
                             "2026-01-00T08:09:10Z",
                             "2026-01-32T08:09:10Z",
                             "2026-02-30T08:09:10Z",
                             "2026-02-29T08:09:10Z",
                             "2026-04-31T08:09:10Z",
                             "2026-01-31T24:00:00Z",
                             "2026-01-31T08:60:00Z",
                             "2026-01-31T08:09:61Z",
                             "2026-01-31T08:09:10+2:00",
                             "2026-01-31T08:09:10+0200",
                             "2026-01-31T08:09:10+24:00",
                             "2026-01-31T08:09:10+00:60",
                             "-026-01-31T08:09:10Z",
                             "2026--1-31T08:09:10Z",
                             "+026-01-31T08:09:10Z",
                             "2026/01/31T08:09:10Z"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
    EXPECT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
}

// Images say "0001-01-01T00:00:00Z" where their time is unknown; 64 bits of nanoseconds do not
// reach so far.
TEST(Clock, TimesOutOfReachAreTheNearestThatAreNot) {
    EXPECT_EQ(*parse_rfc3339("0001-01-01T00:00:00Z"), kMin);
    EXPECT_EQ(*parse_rfc3339("9999-12-31T23:59:59.999999999Z"), kMax);
    EXPECT_EQ(*parse_rfc3339("2262-04-11T23:47:16.854775808Z"), kMax);
    EXPECT_EQ(*parse_rfc3339("1677-09-21T00:12:43.145224191Z"), kMin);
    EXPECT_EQ(*parse_rfc3339("1677-09-21T00:12:43.145224193Z"), kMin + 1);
}

}  // namespace
}  // namespace dhow
