// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/namespaces/user_map.h"

#include "base/file.h"
#include "base/text.h"
#include "rootless/id_map.h"
#include "rootless/map_helpers.h"

#include <cerrno>

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

// By hand: the C library would load modules for it, which a static binary cannot.
static std::string login_name(uint32_t uid) {
    const auto text = read_file_at(AT_FDCWD, "/etc/passwd", size_t{1} << 20U);
    if (!text) return {};
    for (const std::string& line : split(*text, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() > 2 && parse_int<uint32_t>(fields[2]) == uid) return fields[0];
    }
    return {};
}

static std::vector<IdMapping> usual_map(uint32_t own_id, const char* subordinate) {
    const rootless::User user{login_name(::geteuid()), ::geteuid(), ::getegid()};
    const auto ranges = rootless::read_subids(subordinate, user);
    std::vector<IdMapping> map;
    for (const auto& line :
         rootless::make_id_map(own_id, ranges ? *ranges : std::vector<rootless::SubIdRange>())) {
        map.push_back({line.container_id, line.host_id, line.size});
    }
    return map;
}

void default_user_map(Linux& linux_part) {
    if (!linux_part.uid_mappings.empty() || !linux_part.gid_mappings.empty()) return;
    for (const Namespace& entry : linux_part.namespaces) {
        if (entry.type != NamespaceType::User || !entry.path.empty()) continue;
        linux_part.uid_mappings = usual_map(::geteuid(), "/etc/subuid");
        linux_part.gid_mappings = usual_map(::getegid(), "/etc/subgid");
        return;
    }
}

// user_namespaces(7): a line that spans two of the parent's is not permitted.
static constexpr const char* kFix =
    "each line of uidMappings and gidMappings must lie within one line of /proc/self/uid_map and "
    "/proc/self/gid_map, and the caller needs CAP_SETUID, CAP_SETGID, for id 0 also CAP_SETFCAP";

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
    Status written;
    if (::geteuid() == 0) {
        written = write_directly(proc, uids, gids);
        if (written) return {};
        if (written.error().sys_errno != EPERM) {
            return std::move(written).error().context("write id maps");
        }
    }
    const auto helpers = rootless::find_map_helpers();
    if (helpers) return rootless::write_maps(*helpers, pid, as_id_maps(uids), as_id_maps(gids));
    if (written) return helpers.error();
    return std::move(written).error().context("write id maps").with_fix(kFix);
}

}  // namespace dhow::oci
