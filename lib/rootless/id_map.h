// SPDX-License-Identifier: Apache-2.0
// Which user and group ids a user namespace shows for which ids outside: the lines of
// /proc/PID/uid_map and gid_map (user_namespaces(7)). Pure data.
#pragma once

#include "base/result.h"
#include "rootless/subid.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::rootless {

struct IdMap {
    uint32_t container_id = 0;
    uint32_t host_id = 0;
    uint32_t size = 0;

    bool operator==(const IdMap&) const = default;
};

// The caller's own id as 0, then every subordinate range in order from 1.
std::vector<IdMap> make_id_map(uint32_t own_id, const std::vector<SubIdRange>& ranges);

// The kernel's three columns, any blanks between.
Result<std::vector<IdMap>> parse_id_map(std::string_view text);

std::optional<uint32_t> to_host(const std::vector<IdMap>& map, uint32_t container_id);
std::optional<uint32_t> to_container(const std::vector<IdMap>& map, uint32_t host_id);

// newuidmap's arguments after the pid: container, host and size of each line.
std::vector<std::string> map_arguments(const std::vector<IdMap>& map);

}  // namespace dhow::rootless
