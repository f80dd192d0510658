// SPDX-License-Identifier: Apache-2.0
#include "engine/container_user.h"

#include "base/text.h"

#include <algorithm>
#include <optional>

namespace dhow::engine {

namespace {

constexpr size_t kFileLimit = 1U << 20U;
constexpr size_t kMaxGroups = 65536;  // NGROUPS_MAX

struct PasswdEntry {
    std::string name;
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::string home;
};

// (uid_t)-1 means "leave unchanged" to setresuid(2) and is never a user.
std::optional<uint32_t> parse_id(std::string_view text) {
    const auto id = parse_int<uint32_t>(text);
    if (!id || *id == UINT32_MAX) return std::nullopt;
    return id;
}

template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
    while (!text.empty()) {
        const size_t end = text.find('\n');
        if (!visit(text.substr(0, end)) || end == std::string_view::npos) return;
        text.remove_prefix(end + 1);
    }
}

std::optional<PasswdEntry> find_passwd(std::string_view passwd, std::string_view name_or_uid) {
    const auto wanted_uid = parse_id(name_or_uid);
    std::optional<PasswdEntry> found;
    for_each_line(passwd, [&](std::string_view line) {
        const auto fields = split(line, ':');
        if (fields.size() < 6) return true;
        const auto uid = parse_id(fields[2]);
        const auto gid = parse_id(fields[3]);
        if (!uid || !gid) return true;
        if (fields[0] != name_or_uid && uid != wanted_uid) return true;
        found = PasswdEntry{fields[0], *uid, *gid, fields[5]};
        return false;
    });
    return found;
}

std::optional<uint32_t> find_group(std::string_view group, std::string_view name) {
    std::optional<uint32_t> found;
    for_each_line(group, [&](std::string_view line) {
        const auto fields = split(line, ':');
        if (fields.size() < 3 || fields[0] != name) return true;
        found = parse_id(fields[2]);
        return !found;
    });
    return found;
}

std::vector<uint32_t> groups_of(std::string_view group, std::string_view user_name) {
    std::vector<uint32_t> gids;
    for_each_line(group, [&](std::string_view line) {
        const auto fields = split(line, ':');
        if (fields.size() < 4 || gids.size() >= kMaxGroups) return true;
        const auto members = split(fields[3], ',');
        const auto gid = parse_id(fields[2]);
        if (gid && std::find(members.begin(), members.end(), user_name) != members.end()) {
            gids.push_back(*gid);
        }
        return true;
    });
    return gids;
}

Error no_such(std::string_view what, std::string_view name, std::string_view file) {
    return make_error(ErrorKind::NotFound,
                      "no " + std::string(what) + " '" + printable(name) + "' in the container's " +
                          std::string(file),
                      "use a number, or a name the image knows");
}

}  // namespace

Result<ContainerUser> find_user_in(std::string_view passwd,
                                   std::string_view group,
                                   std::string_view user) {
    const auto [user_part, group_part] = split_once(user, ':');
    const std::string_view name = user_part.empty() ? "0" : user_part;
    ContainerUser result;
    const auto entry = find_passwd(passwd, name);
    if (entry) {
        result.uid = entry->uid;
        result.gid = entry->gid;
        if (!entry->home.empty() && entry->home.front() == '/') result.home = entry->home;
    } else if (const auto uid = parse_id(name)) {
        result.uid = *uid;
    } else {
        return no_such("user", name, "/etc/passwd");
    }
    if (!group_part) {
        // Supplementary groups belong to the login, so naming a group drops them (as Docker). The
        // primary one is among them, or a setgid program could shed it (CVE-2022-36109).
        result.additional_gids = {result.gid};
        if (entry) {
            for (const uint32_t gid : groups_of(group, entry->name)) {
                if (gid != result.gid) result.additional_gids.push_back(gid);
            }
        }
        return result;
    }
    if (const auto gid = find_group(group, *group_part)) {
        result.gid = *gid;
    } else if (const auto number = parse_id(*group_part)) {
        result.gid = *number;
    } else {
        return no_such("group", *group_part, "/etc/group");
    }
    result.additional_gids = {result.gid};
    return result;
}

// A missing file is an image without that file; anything else unreadable there is an error.
static Result<std::string> read_or_empty(const RootDir& rootfs, const std::string& path) {
    auto text = rootfs.read_file(path, kFileLimit);
    if (text || (text.error().sys_errno != ENOENT && text.error().sys_errno != ENOTDIR)) {
        return text;
    }
    return std::string();
}

Result<ContainerUser> find_container_user(const RootDir& rootfs, std::string_view user) {
    const auto passwd = TRY(read_or_empty(rootfs, "/etc/passwd"));
    const auto group = TRY(read_or_empty(rootfs, "/etc/group"));
    return find_user_in(passwd, group, user);
}

}  // namespace dhow::engine
