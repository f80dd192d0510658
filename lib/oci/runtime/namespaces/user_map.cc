// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/namespaces/user_map.h"

#include "base/file.h"
#include "rootless/map_helpers.h"

#include <fcntl.h>
#include <unistd.h>

namespace dhow::oci {

static std::string map_text(const std::vector<IdMapping>& map) {
    std::string text;
    for (const IdMapping& line : map) {
        text += std::to_string(line.container_id) + " " + std::to_string(line.host_id) + " " +
                std::to_string(line.size) + "\n";
    }
    return text;
}

static std::vector<rootless::IdMap> as_id_maps(const std::vector<IdMapping>& map) {
    std::vector<rootless::IdMap> lines;
    for (const IdMapping& line : map) {
        lines.push_back({line.container_id, line.host_id, line.size});
    }
    return lines;
}

static Status write_directly(const std::string& proc,
                             const std::vector<IdMapping>& uids,
                             const std::vector<IdMapping>& gids) {
    TRY(write_existing_at(AT_FDCWD, proc + "uid_map", map_text(uids)));
    return write_existing_at(AT_FDCWD, proc + "gid_map", map_text(gids));
}

Status write_user_map(pid_t pid,
                      const std::vector<IdMapping>& uids,
                      const std::vector<IdMapping>& gids) {
    if (uids.empty() || gids.empty()) {
        return make_error(ErrorKind::InvalidArgument,
                          "a new user namespace needs uidMappings and gidMappings");
    }
    const std::string proc = "/proc/" + std::to_string(pid) + "/";
    const bool own_ids_alone = uids.size() == 1 && uids[0].size == 1 &&
                               uids[0].host_id == ::geteuid() && gids.size() == 1 &&
                               gids[0].size == 1 && gids[0].host_id == ::getegid();
    if (::geteuid() != 0 && own_ids_alone) {
        TRY(write_existing_at(AT_FDCWD, proc + "setgroups", "deny"));
        return write_directly(proc, uids, gids);
    }
    if (::geteuid() == 0) {
        auto written = write_directly(proc, uids, gids);
        if (written) return written;
        if (written.error().sys_errno != EPERM) {
            return std::move(written).error().context("write id maps");
        }
    }
    const auto helpers = TRY(rootless::find_map_helpers());
    return rootless::write_maps(helpers, pid, as_id_maps(uids), as_id_maps(gids));
}

}  // namespace dhow::oci
