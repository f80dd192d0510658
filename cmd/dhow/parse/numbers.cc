// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/parse/numbers.h"

#include "base/text.h"

#include <array>
#include <limits>
#include <optional>

namespace dhow::cli {

namespace {

constexpr size_t kFractionDigits = 9;
constexpr int64_t kBillion = 1'000'000'000;

// A decimal as billionths: exact up to nine digits after the point, the rest cut off.
struct Decimal {
    int64_t whole = 0;
    int64_t billionths = 0;
};

std::optional<Decimal> parse_decimal(std::string_view text) {
    const auto [whole, fraction] = split_once(text, '.');
    Decimal out;
    if (whole.empty() && (!fraction || fraction->empty())) return std::nullopt;
    if (whole.starts_with('-') || (fraction && fraction->starts_with('-'))) return std::nullopt;
    if (!whole.empty()) {
        const std::optional<int64_t> number = parse_int<int64_t>(whole);
        if (!number) return std::nullopt;
        out.whole = *number;
    }
    if (fraction && !fraction->empty()) {
        if (fraction->find_first_not_of("0123456789") != std::string_view::npos)
            return std::nullopt;
        std::string digits(fraction->substr(0, kFractionDigits));
        digits.resize(kFractionDigits, '0');
        out.billionths = *parse_int<int64_t>(digits);
    }
    return out;
}

// number * unit, where unit is at most 2^50 or an hour in nanoseconds.
std::optional<int64_t> scaled(const Decimal& number, int64_t unit) {
    int64_t whole = 0;
    if (__builtin_mul_overflow(number.whole, unit, &whole)) return std::nullopt;
    __extension__ using Wide = __int128;
    const auto part = static_cast<int64_t>(static_cast<Wide>(number.billionths) * unit / kBillion);
    int64_t sum = 0;
    if (__builtin_add_overflow(whole, part, &sum)) return std::nullopt;
    return sum;
}

std::optional<int64_t> byte_unit(std::string_view suffix) {
    std::string unit = to_lower(suffix);
    if (unit.empty() || unit == "b") return 1;
    if (unit.size() > 1 && unit.back() == 'b') unit.pop_back();
    if (unit.size() > 1 && unit.back() == 'i') unit.pop_back();
    constexpr std::string_view kPowers = "kmgtp";
    const size_t power = unit.size() == 1 ? kPowers.find(unit[0]) : std::string_view::npos;
    if (power == std::string_view::npos) return std::nullopt;
    return int64_t{1} << (10 * (power + 1));
}

struct TimeUnit {
    std::string_view name;
    int64_t nanos;
};

// Longer names first where one begins another.
constexpr auto kTimeUnits = std::to_array<TimeUnit>({
    {"ns", 1},
    {"us", 1000},
    {"µs", 1000},
    {"ms", 1'000'000},
    {"s", kBillion},
    {"m", 60 * kBillion},
    {"h", 3600 * kBillion},
});

Error malformed(std::string_view what, std::string_view text, std::string fix) {
    return make_error(ErrorKind::InvalidArgument,
                      "invalid " + std::string(what) + " '" + printable(text) + "'",
                      std::move(fix));
}

// One "<decimal><unit>" from the front of `rest`.
std::optional<int64_t> take_span(std::string_view& rest) {
    const size_t digits = rest.find_first_not_of("0123456789.");
    if (digits == std::string_view::npos) return std::nullopt;
    const std::optional<Decimal> number = parse_decimal(rest.substr(0, digits));
    rest.remove_prefix(digits);
    const std::string_view unit = rest.substr(0, rest.find_first_of("0123456789."));
    rest.remove_prefix(unit.size());
    for (const TimeUnit& known : kTimeUnits) {
        if (number && unit == known.name) return scaled(*number, known.nanos);
    }
    return std::nullopt;
}

}  // namespace

Result<int64_t> parse_bytes(std::string_view text) {
    const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::optional<Decimal> number = parse_decimal(text.substr(0, digits));
    const std::optional<int64_t> unit = byte_unit(text.substr(digits));
    const std::optional<int64_t> bytes = number && unit ? scaled(*number, *unit) : std::nullopt;
    if (!bytes) return malformed("size", text, "write it as in 512m, 1.5g or 65536");
    return *bytes;
}

Result<int64_t> parse_nano_cpus(std::string_view text) {
    const std::optional<Decimal> number = parse_decimal(text);
    const std::optional<int64_t> nanos = number ? scaled(*number, kBillion) : std::nullopt;
    if (!nanos) return malformed("number of CPUs", text, "write it as in 0.5 or 2");
    return *nanos;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    const std::string fix = "write it as in 90s, 10m or 1h30m";
    std::string_view rest = text;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) rest.remove_prefix(1);
    if (rest == "0") return std::chrono::nanoseconds(0);
    if (rest.empty()) return malformed("duration", text, fix);
    int64_t total = 0;
    while (!rest.empty()) {
        const std::optional<int64_t> span = take_span(rest);
        if (!span || __builtin_add_overflow(total, *span, &total)) {
            return malformed("duration", text, fix);
        }
    }
    return std::chrono::nanoseconds(negative ? -total : total);
}

}  // namespace dhow::cli
