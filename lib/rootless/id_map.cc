// SPDX-License-Identifier: Apache-2.0
#include "rootless/id_map.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <limits>

namespace dhow::rootless {

namespace {

constexpr size_t kMaxLines = 340;  // the kernel's own bound, UID_GID_MAP_MAX_EXTENTS

// The next run of non-blank characters, taken off the front of `line`.
std::string_view take_word(std::string_view& line) {
    line = trim(line);
    const size_t end = std::min(line.find_first_of(" \t"), line.size());
    const auto word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

}  // namespace

std::vector<IdMap> make_id_map(uint32_t own_id, const std::vector<SubIdRange>& ranges) {
    std::vector<IdMap> map{{.container_id = 0, .host_id = own_id, .size = 1}};
    uint32_t next = 1;
    for (const SubIdRange& range : ranges) {
        // The last id, 4294967295, is "no id" to the kernel.
        const uint32_t room = std::numeric_limits<uint32_t>::max() - next;
        const uint32_t size = std::min(range.count, room);
        if (size == 0 || map.size() == kMaxLines) break;
        map.push_back({.container_id = next, .host_id = range.start, .size = size});
        next += size;
    }
    return map;
}

Result<std::vector<IdMap>> parse_id_map(std::string_view text) {
    std::vector<IdMap> map;
    for (const std::string& piece : split(text, '\n')) {
        std::string_view line = trim(piece);
        if (line.empty()) continue;
        std::array<uint32_t, 3> numbers{};
        for (uint32_t& number : numbers) {
            const auto value = parse_int<uint32_t>(take_word(line));
            if (!value) return make_error(ErrorKind::Corrupt, "malformed id map '" + piece + "'");
            number = *value;
        }
        if (!trim(line).empty() || map.size() == kMaxLines) {
            return make_error(ErrorKind::Corrupt, "malformed id map '" + piece + "'");
        }
        map.push_back({.container_id = numbers[0], .host_id = numbers[1], .size = numbers[2]});
    }
    return map;
}

std::optional<uint32_t> to_host(const std::vector<IdMap>& map, uint32_t container_id) {
    for (const IdMap& line : map) {
        const uint32_t offset = container_id - line.container_id;
        if (container_id >= line.container_id && offset < line.size) return line.host_id + offset;
    }
    return std::nullopt;
}

std::optional<uint32_t> to_container(const std::vector<IdMap>& map, uint32_t host_id) {
    for (const IdMap& line : map) {
        const uint32_t offset = host_id - line.host_id;
        if (host_id >= line.host_id && offset < line.size) return line.container_id + offset;
    }
    return std::nullopt;
}

std::vector<std::string> map_arguments(const std::vector<IdMap>& map) {
    std::vector<std::string> arguments;
    for (const IdMap& line : map) {
        arguments.push_back(std::to_string(line.container_id));
        arguments.push_back(std::to_string(line.host_id));
        arguments.push_back(std::to_string(line.size));
    }
    return arguments;
}

}  // namespace dhow::rootless
