// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/parse/times.h"

#include "base/text.h"
#include "cmd/dhow/parse/numbers.h"

#include <ctime>
#include <optional>

namespace dhow::cli {

namespace {

constexpr UnixNanos kSecond = 1'000'000'000;

// "1600000000", "1600000000.25"
std::optional<UnixNanos> parse_epoch(std::string_view text) {
    const auto [whole, fraction] = split_once(text, '.');
    const std::optional<int64_t> seconds = parse_int<int64_t>(whole);
    int64_t total = 0;
    if (!seconds || __builtin_mul_overflow(*seconds, kSecond, &total)) return std::nullopt;
    if (!fraction) return total;
    if (fraction->empty() || fraction->size() > 9) return std::nullopt;
    std::string digits(*fraction);
    digits.resize(9, '0');
    const std::optional<uint32_t> nanos = parse_int<uint32_t>(digits);
    if (!nanos) return std::nullopt;
    return *seconds < 0 ? total - *nanos : total + *nanos;
}

std::optional<int> two_digits(std::string_view text, size_t at) {
    if (text.size() < at + 2) return std::nullopt;
    const std::optional<uint8_t> number = parse_int<uint8_t>(text.substr(at, 2));
    return number ? std::optional<int>(*number) : std::nullopt;
}

// "2026-01-31[THH[:MM[:SS[.fraction]]]]" in the local time zone, as Podman and Docker read it.
std::optional<UnixNanos> parse_local(std::string_view text) {
    const std::optional<int> year = parse_int<uint16_t>(text.substr(0, 4));
    const std::optional<int> month = two_digits(text, 5);
    const std::optional<int> day = two_digits(text, 8);
    if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
    std::tm fields{};
    fields.tm_year = *year - 1900;
    fields.tm_mon = *month - 1;
    fields.tm_mday = *day;
    fields.tm_isdst = -1;
    UnixNanos fraction = 0;
    std::string_view rest = text.substr(10);
    int* const parts[] = {&fields.tm_hour, &fields.tm_min, &fields.tm_sec};
    const int limits[] = {23, 59, 60};
    for (size_t part = 0; part < 3 && !rest.empty(); ++part) {
        if (rest[0] != (part == 0 ? 'T' : ':')) break;
        const std::optional<int> number = two_digits(rest, 1);
        if (!number || *number > limits[part]) return std::nullopt;
        *parts[part] = *number;
        rest.remove_prefix(3);
    }
    if (rest.starts_with('.') && text.size() > 19) {
        const std::optional<UnixNanos> part = parse_epoch("0" + std::string(rest));
        if (!part) return std::nullopt;
        fraction = *part;
        rest = {};
    }
    const std::tm asked = fields;
    const std::time_t seconds = rest.empty() ? ::mktime(&fields) : -1;
    if (seconds == -1 || fields.tm_mday != asked.tm_mday || fields.tm_mon != asked.tm_mon) {
        return std::nullopt;
    }
    return static_cast<UnixNanos>(seconds) * kSecond + fraction;
}

}  // namespace

Result<UnixNanos> parse_time(std::string_view text, UnixNanos now) {
    const std::optional<UnixNanos> epoch = parse_epoch(text);
    if (epoch) return *epoch;
    if (text.size() >= 10 && text[4] == '-') {
        const Result<UnixNanos> zoned = parse_rfc3339(text);
        if (zoned) return *zoned;
        const std::optional<UnixNanos> local = parse_local(text);
        if (local) return *local;
    } else {
        const Result<std::chrono::nanoseconds> age = parse_duration(text);
        int64_t time = 0;
        if (age && !__builtin_sub_overflow(now, age->count(), &time)) return time;
    }
    return make_error(ErrorKind::InvalidArgument,
                      "invalid time '" + printable(text) + "'",
                      "write it as in 2026-01-31T08:09:10Z, 1600000000 or 10m");
}

}  // namespace dhow::cli
