// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/idmapped_mounts.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/clone.h"
#include "oci/runtime/mounts/idmap_option.h"
#include "oci/runtime/mounts/mount_options.h"
#include "oci/runtime/mounts/mounts.h"
#include "oci/runtime/namespaces/user_map.h"

#include <csignal>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

void hold_namespace(void* /*argument*/) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) ::pause();
}

// The kernel takes a mapping as a user namespace; nobody ever lives in this one.
Result<UniqueFd> make_mapping(const IdMaps& maps) {
    auto holder = TRY(clone_process({.flags = CLONE_NEWUSER}, hold_namespace, nullptr));
    TRY(write_user_map(holder.pid(), maps.uids, maps.gids));
    return open_at(AT_FDCWD, "/proc/" + std::to_string(holder.pid()) + "/ns/user", O_RDONLY);
}

const std::string* joined_user_namespace(const Linux& linux_part) {
    for (const Namespace& entry : linux_part.namespaces) {
        if (entry.type == NamespaceType::User && !entry.path.empty()) return &entry.path;
    }
    return nullptr;
}

Result<UniqueFd> find_mapping(const Mount& mount, const Linux& linux_part) {
    if (!mount.uid_mappings.empty() || !mount.gid_mappings.empty()) {
        return make_mapping({mount.uid_mappings, mount.gid_mappings});
    }
    if (const auto value = idmap_value(mount.options)) {
        const auto maps = TRY(parse_idmap(*value, linux_part));
        return make_mapping(maps);
    }
    if (const std::string* path = joined_user_namespace(linux_part)) {
        return open_at(AT_FDCWD, *path, O_RDONLY);
    }
    if (!linux_part.uid_mappings.empty()) {
        return make_mapping({linux_part.uid_mappings, linux_part.gid_mappings});
    }
    return make_error(ErrorKind::InvalidArgument,
                      "option idmap needs a user namespace",
                      "give the mount uidMappings and gidMappings of its own");
}

Status apply_mapping(const UniqueFd& tree, const UniqueFd& mapping, bool recursive) {
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<uint64_t>(mapping.get());
    const unsigned flags = AT_EMPTY_PATH | (recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0U);
    if (::mount_setattr(tree.get(), "", flags, &attributes, sizeof attributes) == 0) return {};
    return system_error("map the ids");
}

Status map_one(const std::string& bundle,
               const Mount& mount,
               const Linux& linux_part,
               UniqueFd& source) {
    const auto options = parse_mount_options(mount.options);
    if (!is_bind(mount, options) || options.remount) {
        return make_error(ErrorKind::InvalidArgument, "only bind mounts can have mapped ids");
    }
    if (mount.uid_mappings.empty() != mount.gid_mappings.empty()) {
        return make_error(ErrorKind::InvalidArgument,
                          "uidMappings and gidMappings are needed together");
    }
    if (!source) source = TRY(open_bind_source(bundle, mount));
    const auto mapping = TRY(find_mapping(mount, linux_part));
    return apply_mapping(source, mapping, options.recursive_id_map);
}

}  // namespace

Status map_mount_ids(const std::string& bundle,
                     const RuntimeSpec& spec,
                     std::vector<UniqueFd>& sources) {
    for (size_t i = 0; i < spec.mounts.size(); ++i) {
        const Mount& mount = spec.mounts[i];
        if (!wants_id_map(mount)) continue;
        if (sources.empty()) sources.resize(spec.mounts.size());
        TRY_CONTEXT(
            map_one(bundle, mount, *spec.linux_, sources[i]),
            "mount '" + printable(mount.source) + "' to '" + printable(mount.destination) + "'");
    }
    return {};
}

}  // namespace dhow::oci
