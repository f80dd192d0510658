// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/idmap_option.h"

#include "base/text.h"

namespace dhow::oci {

static Error invalid(std::string_view text, const std::string& why) {
    return make_error(ErrorKind::InvalidArgument,
                      "option idmap: '" + printable(text) + "' " + why,
                      "write it as uids=FILES-HOST-COUNT;gids=FILES-HOST-COUNT");
}

// The whole span must lie in one line: beyond its end the next id on the host is somebody else's.
static Status make_absolute(IdMapping& mapping,
                            const std::vector<IdMapping>& container,
                            std::string_view text) {
    for (const IdMapping& line : container) {
        if (mapping.host_id < line.container_id) continue;
        const uint32_t offset = mapping.host_id - line.container_id;
        if (offset >= line.size || mapping.size > line.size - offset) continue;
        mapping.host_id = line.host_id + offset;
        return {};
    }
    return invalid(text, "is not within one line of the container's own map");
}

static Result<IdMapping> parse_triplet(std::string_view text,
                                       const std::vector<IdMapping>& container) {
    const bool relative = text.starts_with('@');
    const auto numbers = split(text.substr(relative ? 1 : 0), '-');
    if (numbers.size() != 3) return invalid(text, "is not three numbers");
    const auto files = parse_int<uint32_t>(numbers[0]);
    const auto host = parse_int<uint32_t>(numbers[1]);
    const auto count = parse_int<uint32_t>(numbers[2]);
    if (!files || !host || !count || *count == 0) return invalid(text, "is not three numbers");
    IdMapping mapping{*files, *host, *count};
    if (relative) TRY(make_absolute(mapping, container, text));
    return mapping;
}

static Result<std::vector<IdMapping>> parse_list(std::string_view text,
                                                 const std::vector<IdMapping>& container) {
    std::vector<IdMapping> list;
    for (const std::string& triplet : split(text, '#')) {
        list.push_back(TRY(parse_triplet(triplet, container)));
    }
    return list;
}

std::optional<std::string_view> idmap_value(const std::vector<std::string>& options) {
    std::optional<std::string_view> value;
    for (const std::string& option : options) {
        const auto [name, given] = split_once(option, '=');
        if (name == "idmap" || name == "ridmap") value = given;
    }
    return value;
}

Result<IdMaps> parse_idmap(std::string_view value, const Linux& linux_part) {
    IdMaps maps;
    for (const std::string& part : split(value, ';')) {
        const auto [name, list] = split_once(part, '=');
        if (!list || (name != "uids" && name != "gids")) return invalid(part, "is not known");
        const bool uids = name == "uids";
        const auto& container = uids ? linux_part.uid_mappings : linux_part.gid_mappings;
        (uids ? maps.uids : maps.gids) = TRY(parse_list(*list, container));
    }
    if (maps.uids.empty() || maps.gids.empty()) return invalid(value, "lacks uids or gids");
    return maps;
}

}  // namespace dhow::oci
