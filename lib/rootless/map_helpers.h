// SPDX-License-Identifier: Apache-2.0
// newuidmap(1) and newgidmap(1): the only setuid programs dhow touches. Found in fixed system
// folders, never by $PATH; run side by side; what they wrote is read back. Internal to rootless.
#pragma once

#include "base/result.h"
#include "rootless/id_map.h"

#include <string>
#include <vector>

#include <sys/types.h>

namespace dhow::rootless {

struct MapHelpers {
    std::string newuidmap;
    std::string newgidmap;
};

Result<MapHelpers> find_map_helpers();

Status write_maps(const MapHelpers& helpers,
                  pid_t pid,
                  const std::vector<IdMap>& uids,
                  const std::vector<IdMap>& gids);

}  // namespace dhow::rootless
