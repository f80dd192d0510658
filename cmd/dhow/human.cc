// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/human.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace dhow::cli {

namespace {

constexpr size_t kShortId = 12;

std::string format_double(const char* format, double number) {
    std::array<char, 64> buffer{};
    const int length = std::snprintf(buffer.data(), buffer.size(), format, number);
    return {buffer.data(), static_cast<size_t>(length)};
}

std::string counted(int64_t count, std::string_view unit) {
    return std::to_string(count) + " " + std::string(unit);
}

}  // namespace

std::string human_duration(std::chrono::nanoseconds span) {
    constexpr int64_t kHourSeconds = 3600;
    const auto seconds = static_cast<int64_t>(std::chrono::duration<double>(span).count());
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < 60) return counted(seconds, "seconds");
    const int64_t minutes = seconds / 60;
    if (minutes == 1) return "About a minute";
    if (minutes < 60) return counted(minutes, "minutes");
    // To the nearest hour, as the originals round.
    const int64_t hours = (seconds + kHourSeconds / 2) / kHourSeconds;
    if (hours == 1) return "About an hour";
    if (hours < 48) return counted(hours, "hours");
    if (hours < int64_t{24} * 7 * 2) return counted(hours / 24, "days");
    if (hours < int64_t{24} * 30 * 2) return counted(hours / 24 / 7, "weeks");
    if (hours < int64_t{24} * 365 * 2) return counted(hours / 24 / 30, "months");
    return counted(hours / 24 / 365, "years");
}

std::string human_ago(UnixNanos time, UnixNanos now) {
    if (time == 0) return "";
    return human_duration(std::chrono::nanoseconds(now - time)) + " ago";
}

std::string human_size(uint64_t bytes) {
    constexpr std::array<const char*, 7> kUnits{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    auto amount = static_cast<double>(bytes);
    size_t unit = 0;
    while (amount >= 1000 && unit + 1 < kUnits.size()) {
        amount /= 1000;
        ++unit;
    }
    return format_double("%.3g", amount) + " " + kUnits[unit];
}

std::string human_binary_size(uint64_t bytes) {
    constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
    auto amount = static_cast<double>(bytes);
    size_t unit = 0;
    while (amount >= 1024 && unit + 1 < kUnits.size()) {
        amount /= 1024;
        ++unit;
    }
    return format_double(unit == 0 ? "%.0f" : "%.1f", amount) + kUnits[unit];
}

std::string human_time(UnixNanos time) {
    const std::time_t seconds = static_cast<std::time_t>(time / 1'000'000'000);
    std::tm parts{};
    if (::localtime_r(&seconds, &parts) == nullptr) return "";
    std::array<char, 64> buffer{};
    const size_t length =
        std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M:%S %z %Z", &parts);
    return {buffer.data(), length};
}

std::string short_id(std::string_view id) {
    if (id.starts_with("sha256:")) id.remove_prefix(7);
    return std::string(id.substr(0, kShortId));
}

}  // namespace dhow::cli
