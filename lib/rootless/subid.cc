// SPDX-License-Identifier: Apache-2.0
#include "rootless/subid.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::rootless {

namespace {

constexpr size_t kMaxFile = 4U << 20U;
constexpr size_t kMaxRanges = 64;

bool is_owned_by(std::string_view owner, const User& user) {
    if (!user.name.empty() && owner == user.name) return true;
    return parse_int<uint32_t>(owner) == user.uid;
}

bool overlaps(const SubIdRange& a, const SubIdRange& b) {
    return a.start < uint64_t{b.start} + b.count && b.start < uint64_t{a.start} + a.count;
}

// "owner:start:count" of that user, or nothing.
std::optional<SubIdRange> parse_line(std::string_view line, const User& user) {
    const auto [owner, rest] = split_once(line, ':');
    if (!rest || !is_owned_by(owner, user)) return std::nullopt;
    const auto [start_text, count_text] = split_once(*rest, ':');
    if (!count_text) return std::nullopt;
    const auto start = parse_int<uint32_t>(start_text);
    const auto count = parse_int<uint32_t>(*count_text);
    if (!start || !count || *count == 0) return std::nullopt;
    if (uint64_t{*start} + *count > std::numeric_limits<uint32_t>::max()) return std::nullopt;
    return SubIdRange{.start = *start, .count = *count};
}

std::string add_command(const User& user) {
    const std::string name = user.name.empty() ? std::to_string(user.uid) : user.name;
    return "run as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 " + name;
}

}  // namespace

std::vector<SubIdRange> parse_subids(std::string_view text, const User& user) {
    std::vector<SubIdRange> ranges;
    while (!text.empty() && ranges.size() < kMaxRanges) {
        const size_t end = std::min(text.find('\n'), text.size());
        const auto range = parse_line(trim(text.substr(0, end)), user);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!range) continue;
        const bool taken = std::any_of(ranges.begin(), ranges.end(), [&](const SubIdRange& other) {
            return overlaps(*range, other);
        });
        if (!taken) ranges.push_back(*range);
    }
    return ranges;
}

Result<std::vector<SubIdRange>> read_subids(const std::string& path, const User& user) {
    auto text = read_file_at(AT_FDCWD, path, kMaxFile);
    if (!text && text.error().sys_errno != ENOENT) {
        return Error(std::move(text).error()).context("find subordinate ids");
    }
    auto ranges = parse_subids(text ? std::string_view(*text) : std::string_view(), user);
    if (ranges.empty()) {
        const std::string name =
            user.name.empty() ? "uid " + std::to_string(user.uid) : "'" + user.name + "'";
        return make_error(ErrorKind::NotFound,
                          "user " + name + " has no subordinate ids in '" + path + "'",
                          add_command(user));
    }
    return ranges;
}

}  // namespace dhow::rootless
