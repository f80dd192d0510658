// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include "base/text.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <limits>

namespace dhow {

static constexpr int64_t kNanosPerSecond = 1'000'000'000;

UnixNanos now_unix_nanos() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * kNanosPerSecond + now.tv_nsec;
}

std::string format_rfc3339(UnixNanos time) {
    int64_t seconds = time / kNanosPerSecond;
    int64_t nanos = time % kNanosPerSecond;
    if (nanos < 0) {
        nanos += kNanosPerSecond;
        --seconds;
    }
    std::tm parts{};
    const time_t whole = seconds;
    ::gmtime_r(&whole, &parts);
    std::array<char, 64> text{};
    const size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::array<char, 16> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%09dZ", static_cast<int>(nanos));
    return std::string(text.data(), length) + fraction.data();
}

namespace {

struct Cursor {
    std::string_view rest;

    std::optional<int> digits(size_t count) {
        if (rest.size() < count) return std::nullopt;
        const auto value = parse_int<int>(rest.substr(0, count));
        if (value && (*value < 0 || rest[0] == '-')) return std::nullopt;
        rest.remove_prefix(count);
        return value;
    }

    bool take(char expected) {
        if (rest.empty() || rest.front() != expected) return false;
        rest.remove_prefix(1);
        return true;
    }
};

std::optional<int64_t> parse_fraction(Cursor& cursor) {
    if (!cursor.take('.')) return 0;
    int64_t nanos = 0;
    int count = 0;
    while (!cursor.rest.empty() && cursor.rest.front() >= '0' && cursor.rest.front() <= '9') {
        if (count++ < 9) nanos = nanos * 10 + (cursor.rest.front() - '0');
        cursor.rest.remove_prefix(1);
    }
    if (count == 0) return std::nullopt;
    for (; count < 9; ++count) nanos *= 10;
    return nanos;
}

// Seconds east of UTC.
std::optional<int> parse_offset(Cursor& cursor) {
    if (cursor.take('Z') || cursor.take('z')) return 0;
    const bool west = !cursor.rest.empty() && cursor.rest.front() == '-';
    if (!west && (cursor.rest.empty() || cursor.rest.front() != '+')) return std::nullopt;
    cursor.rest.remove_prefix(1);
    const auto hours = cursor.digits(2);
    if (!cursor.take(':')) return std::nullopt;
    const auto minutes = cursor.digits(2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const int seconds = (*hours * 60 + *minutes) * 60;
    return west ? -seconds : seconds;
}

UnixNanos to_nanos(int64_t seconds, int64_t nanos) {
    using Limits = std::numeric_limits<UnixNanos>;
    // Of one sign, so that no step on the way is farther out than the whole.
    if (seconds < 0 && nanos > 0) {
        ++seconds;
        nanos -= kNanosPerSecond;
    }
    UnixNanos time = 0;
    const bool beyond = __builtin_mul_overflow(seconds, kNanosPerSecond, &time) ||
                        __builtin_add_overflow(time, nanos, &time);
    if (!beyond) return time;
    return seconds < 0 ? Limits::min() : Limits::max();
}

}  // namespace

Result<UnixNanos> parse_rfc3339(std::string_view text) {
    const auto malformed = [&] {
        return make_error(ErrorKind::InvalidArgument,
                          "'" + printable(text) + "' is no RFC 3339 time");
    };
    Cursor cursor{text};
    const auto year = cursor.digits(4);
    if (!year || !cursor.take('-')) return malformed();
    const auto month = cursor.digits(2);
    if (!month || !cursor.take('-')) return malformed();
    const auto day = cursor.digits(2);
    if (!day || !(cursor.take('T') || cursor.take('t') || cursor.take(' '))) return malformed();
    const auto hour = cursor.digits(2);
    if (!hour || !cursor.take(':')) return malformed();
    const auto minute = cursor.digits(2);
    if (!minute || !cursor.take(':')) return malformed();
    const auto second = cursor.digits(2);
    const auto nanos = parse_fraction(cursor);
    const auto offset = parse_offset(cursor);
    if (!second || !nanos || !offset || !cursor.rest.empty()) return malformed();
    if (*hour > 23 || *minute > 59 || *second > 60) return malformed();
    std::tm date{};
    date.tm_year = *year - 1900;
    date.tm_mon = *month - 1;
    date.tm_mday = *day;
    const int64_t midnight = ::timegm(&date);
    // timegm makes 2 March of 30 February.
    if (date.tm_mon != *month - 1 || date.tm_mday != *day) return malformed();
    const int64_t minutes = int64_t{*hour} * 60 + *minute;
    return to_nanos(midnight + minutes * 60 + *second - *offset, *nanos);
}

}  // namespace dhow
