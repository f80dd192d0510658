// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/mounts.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/cgroup/cgroup_mount.h"
#include "oci/runtime/mounts/copy_up.h"
#include "oci/runtime/mounts/mount_api.h"
#include "oci/runtime/mounts/mount_options.h"
#include "oci/runtime/mounts/mount_point.h"
#include "oci/runtime/security/labels.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace dhow::oci {

static std::string absolute(const std::string& bundle, const std::string& path) {
    return path.starts_with('/') ? path : bundle + "/" + path;
}

bool is_bind(const Mount& mount, const MountOptions& options) {
    return options.bind || mount.type == "bind" || mount.type == "rbind";
}

bool wants_id_map(const Mount& mount) {
    return !mount.uid_mappings.empty() || !mount.gid_mappings.empty() ||
           parse_mount_options(mount.options).id_map;
}

Result<UniqueFd> open_bind_source(const std::string& bundle, const Mount& mount) {
    const auto options = parse_mount_options(mount.options);
    const bool recursive = options.recursive_bind || mount.type == "rbind";
    const auto links = options.source_nofollow ? TreeLinks::Keep : TreeLinks::Follow;
    return clone_tree(AT_FDCWD, absolute(bundle, mount.source), recursive, links);
}

// The part of a host's path that is below the container's root.
static std::optional<std::string> within(const std::string& rootfs, const std::string& path) {
    if (rootfs.size() < 2 || !path.starts_with(rootfs + "/")) return std::nullopt;
    return path.substr(rootfs.size());
}

Result<std::vector<UniqueFd>> open_bind_sources(const std::string& bundle,
                                                const std::string& rootfs,
                                                const std::vector<Mount>& mounts) {
    std::vector<UniqueFd> sources(mounts.size());
    for (size_t i = 0; i < mounts.size(); ++i) {
        const auto options = parse_mount_options(mounts[i].options);
        if (!is_bind(mounts[i], options) || options.remount) continue;
        // What the parent cannot clone the child may still be able to: that attempt tells the
        // error.
        if (within(rootfs, mounts[i].source)) continue;
        auto source = open_bind_source(bundle, mounts[i]);
        if (source) sources[i] = source.take();
    }
    return sources;
}

// The kernel's own file systems, and whatever goes to their usual places, go over real folders
// only: behind a symbolic link of the image our later writes would land in a file of its making
// (CVE-2019-19921, CVE-2023-28642, CVE-2026-41579).
static bool wants_real_folder(const Mount& mount) {
    static constexpr std::array<std::string_view, 3> kTypes = {"proc", "sysfs", "devpts"};
    static constexpr std::array<std::string_view, 3> kPlaces = {"/proc", "/sys", "/dev"};
    std::string_view place = mount.destination;
    while (place.size() > 1 && place.ends_with('/')) place.remove_suffix(1);
    return std::find(kTypes.begin(), kTypes.end(), mount.type) != kTypes.end() ||
           std::find(kPlaces.begin(), kPlaces.end(), place) != kPlaces.end();
}

// lxcfs-like files may go over single files of procfs; anything else there could forge what the
// runtime and security modules read.
static Status guard_procfs(int target, const std::string& destination) {
    static constexpr std::array<std::string_view, 9> kAllowed = {"/proc/cpuinfo",
                                                                 "/proc/diskstats",
                                                                 "/proc/meminfo",
                                                                 "/proc/stat",
                                                                 "/proc/swaps",
                                                                 "/proc/uptime",
                                                                 "/proc/loadavg",
                                                                 "/proc/slabinfo",
                                                                 "/proc/sys/kernel/ns_last_pid"};

    struct statfs fs {};

    if (::fstatfs(target, &fs) != 0) return system_error("inspect the mount point");
    if (fs.f_type != PROC_SUPER_MAGIC) return {};
    if (std::find(kAllowed.begin(), kAllowed.end(), destination) != kAllowed.end()) return {};
    return make_error(ErrorKind::InvalidArgument,
                      "'" + printable(destination) + "' cannot be mounted: it is inside /proc");
}

static bool wants_label(const MountContext& context,
                        const Mount& mount,
                        const MountOptions& options) {
    if (context.label.empty() || !takes_mount_label(mount.type)) return false;
    return std::none_of(options.data.begin(), options.data.end(), [](const auto& entry) {
        return entry.first == "context";
    });
}

// A tmpfs looks like the folder that it covers; over one that is made for it, as the kernel likes.
static void keep_mode(const RootDir& root, const Mount& mount, Filesystem& filesystem) {
    for (const auto& [key, value] : filesystem.parameters) {
        if (key == "mode") return;
    }
    const auto covered = root.open_at(mount.destination, O_PATH | O_DIRECTORY);

    struct stat st {};

    if (!covered || ::fstat(covered->get(), &st) != 0) return;
    std::array<char, 8> octal{};
    std::snprintf(octal.data(), octal.size(), "%o", st.st_mode & 07777U);
    filesystem.parameters.emplace_back("mode", octal.data());
}

// A source inside the container's own tree is what that tree holds by now, mounts included.
static Result<UniqueFd> open_own_source(const MountContext& context,
                                        const Mount& mount,
                                        const MountOptions& options) {
    const auto inside = within(context.rootfs, mount.source);
    if (!inside) return open_bind_source(context.bundle, mount);
    const int links = options.source_nofollow ? O_NOFOLLOW : 0;
    const auto place = TRY(context.root.open_at(*inside, O_PATH | links));
    return clone_tree(place.get(), "", options.recursive_bind || mount.type == "rbind");
}

static Result<UniqueFd> make_mount(MountContext& context,
                                   const Mount& mount,
                                   size_t index,
                                   const MountOptions& options) {
    if (is_bind(mount, options)) {
        if (index < context.sources.size() && context.sources[index]) {
            UniqueFd tree = std::move(context.sources[index]);
            // Cloned outside it is a peer of the host's mount: what the container mounts below it
            // would be mounted on the host too.
            TRY(set_propagation(tree.get(), context.host_propagation, true));
            return tree;
        }
        return open_own_source(context, mount, options);
    }
    Filesystem filesystem;
    filesystem.type = mount.type;
    filesystem.source = mount.source.empty() ? mount.type : mount.source;
    filesystem.parameters = options.data;
    if (wants_label(context, mount, options)) {
        filesystem.parameters.emplace_back("context", context.label);
    }
    filesystem.attributes = options.attr_set;
    if (mount.type == "tmpfs") keep_mode(context.root, mount, filesystem);
    if (mount.type == "tmpfs") filesystem.attributes &= ~uint64_t{MOUNT_ATTR_RDONLY};
    return make_or_share_filesystem(filesystem);
}

static Result<UniqueFd> find_real_folder(const RootDir& root, const std::string& path) {
    constexpr int kFlags = O_PATH | O_DIRECTORY;
    auto target = root.open_at(path, kFlags, 0, RootDir::Links::Refuse);
    if (!target && target.error().sys_errno == ENOENT) {
        const auto made = TRY(root.make_dirs(path));
        target = root.open_at(path, kFlags, 0, RootDir::Links::Refuse);
    }
    if (target || target.error().sys_errno != ELOOP) return target;
    return make_error(ErrorKind::InvalidArgument,
                      "'" + printable(path) + "' must be mounted on ordinary directory");
}

static Result<UniqueFd> find_target(const MountContext& context,
                                    const Mount& mount,
                                    const MountOptions& options,
                                    bool folder) {
    const auto make = options.destination_nofollow ? make_mount_point_nofollow : make_mount_point;
    auto target = TRY(wants_real_folder(mount) ? find_real_folder(context.root, mount.destination)
                                               : make(context.root, mount.destination, folder));
    TRY(guard_procfs(target.get(), mount.destination));
    return target;
}

static Status remount(const MountContext& context,
                      const Mount& mount,
                      const MountOptions& options) {
    const auto target = TRY(context.root.open_at(mount.destination, O_PATH));
    TRY(set_attributes(target.get(), options.attr_set, options.attr_clear, false));
    return {};
}

static Status set_all_propagation(int mount, const MountOptions& options) {
    for (const auto& [flag, recursive] : options.propagation) {
        TRY(set_propagation(mount, flag, recursive));
    }
    return {};
}

// Read-only `/sys` of the host, as an ordinary user's container has it, must not carry writable
// control groups below it (CVE-2023-25809).
static Result<bool> carries_cgroups(const UniqueFd& tree, const MountOptions& options) {
    if (!options.recursive_bind || (options.attr_set & MOUNT_ATTR_RDONLY) == 0) return false;

    struct statfs fs {};

    if (::fstatfs(tree.get(), &fs) != 0) return system_error("inspect the source");
    return fs.f_type == SYSFS_MAGIC;
}

static Status mount_one(MountContext& context,
                        const Mount& mount,
                        size_t index,
                        PendingMounts& pending) {
    const auto options = parse_mount_options(mount.options);
    const bool prepared = index < context.sources.size() && context.sources[index];
    if (wants_id_map(mount) && !prepared) {
        return make_error(ErrorKind::Internal, "its ids were never mapped");
    }
    if (options.remount) return remount(context, mount, options);
    if (mount.type == "cgroup" || mount.type == "cgroup2") {
        return mount_cgroup(context, mount, options);
    }
    if (options.copy_symlink) {
        const auto source = absolute(context.bundle, mount.source);
        if (TRY(copy_symlink(context.root, source, mount.destination))) return {};
    }
    auto tree = TRY(make_mount(context, mount, index, options));
    if (mount.type == "mqueue" && !context.label.empty()) {
        // In a user namespace the folder may belong to who made the ipc namespace.
        ignore(set_file_label(tree.get(), context.label),
               "without it SELinux denies more, not less");
    }

    struct stat st {};

    if (::fstat(tree.get(), &st) != 0) return system_error("inspect the source");
    const auto target = TRY(find_target(context, mount, options, S_ISDIR(st.st_mode)));
    if (options.copy_up) TRY(copy_up(target.get(), tree.get()));
    if (is_bind(mount, options)) {
        TRY(set_attributes(tree.get(), options.attr_set, options.attr_clear, false));
        if (TRY(carries_cgroups(tree, options))) {
            TRY(set_attributes(tree.get(), MOUNT_ATTR_RDONLY, 0, true));
        }
    }
    TRY(set_attributes(tree.get(), options.recursive_set, options.recursive_clear, true));
    TRY(attach(tree.get(), target.get()));
    TRY(set_all_propagation(tree.get(), options));
    if (mount.type == "tmpfs" && (options.attr_set & MOUNT_ATTR_RDONLY) != 0) {
        pending.make_readonly.push_back(std::move(tree));
    }
    return {};
}

// Some callers write destinations as the host sees them; as runc, the root's own path comes off.
static std::optional<Mount> seen_inside(const std::string& rootfs, const Mount& mount) {
    auto destination = within(rootfs, mount.destination);
    if (!destination) return std::nullopt;
    Mount inside = mount;
    inside.destination = std::move(*destination);
    return inside;
}

Result<PendingMounts> mount_all(MountContext& context, const std::vector<Mount>& mounts) {
    PendingMounts pending;
    for (size_t i = 0; i < mounts.size(); ++i) {
        const auto inside = seen_inside(context.rootfs, mounts[i]);
        const Mount& mount = inside ? *inside : mounts[i];
        const std::string what = "mount '" +
                                 printable(mount.source.empty() ? mount.type : mount.source) +
                                 "' to '" + printable(mount.destination) + "'";
        if (!mount.destination.starts_with('/')) {
            return make_error(ErrorKind::InvalidArgument, what + ": destination is not absolute");
        }
        TRY_CONTEXT(mount_one(context, mount, i, pending), what);
    }
    return pending;
}

Status finish_mounts(const PendingMounts& pending) {
    for (const UniqueFd& mount : pending.make_readonly) {
        TRY(set_attributes(mount.get(), MOUNT_ATTR_RDONLY, 0, false));
    }
    return {};
}

}  // namespace dhow::oci
