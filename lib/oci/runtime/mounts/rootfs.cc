// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/rootfs.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/mounts/host_mounts.h"
#include "oci/runtime/mounts/mount_api.h"
#include "oci/runtime/mounts/mount_options.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

Result<uint64_t> host_propagation(const std::string& asked) {
    if (asked.empty()) return MS_SLAVE;
    bool recursive = false;
    const uint64_t flag = propagation_flag(asked, recursive);
    if (flag == 0) {
        return make_error(ErrorKind::InvalidArgument,
                          "unknown rootfsPropagation '" + printable(asked) + "'");
    }
    // A shared root still has to be cut from the parent mount: pivot_root refuses shared parents.
    return flag == MS_SHARED || flag == MS_UNBINDABLE ? uint64_t{MS_SLAVE} : flag;
}

Result<RootDir> prepare_root(const std::string& path,
                             const std::string& propagation,
                             UniqueFd tree,
                             bool shared) {
    const uint64_t flag = shared ? uint64_t{MS_PRIVATE} : TRY(host_propagation(propagation));
    const auto host = TRY(open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
    if (!shared) {
        TRY_CONTEXT(set_propagation(host.get(), flag, true), "cut mount events from the host's");
    }
    if (!tree) tree = TRY_CONTEXT(clone_tree(AT_FDCWD, path, true), "root filesystem");
    // One that the parent half cloned is still a peer of the host's.
    TRY_CONTEXT(set_propagation(tree.get(), flag, true), "cut mount events from the host's");
    const auto place = open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY);
    if (place) {
        TRY_CONTEXT(attach(tree.get(), place->get()), "root filesystem '" + path + "'");
    } else if (shared) {
        return place.error();
    } else {
        // Unreachable for the mapped ids (a 0700 folder above it): any place of ours serves.
        TRY_CONTEXT(attach(tree.get(), host.get()), "root filesystem '" + path + "'");
    }
    return RootDir(std::move(tree));
}

static Status change_root(const RootDir& root, const UniqueFd& old_root) {
    if (::fchdir(root.fd()) != 0) return system_error("enter the new root");
    if (::syscall(SYS_pivot_root, ".", ".") != 0) return system_error("pivot root");
    // Both roots are now stacked on `/`; the old one is on top of this working directory.
    if (::fchdir(old_root.get()) != 0) return system_error("enter the old root");
    if (::umount2(".", MNT_DETACH) != 0) return system_error("detach the old root");
    return {};
}

static Status change_root_without_pivot(const RootDir& root) {
    TRY(hide_host_mounts(root));
    if (::fchdir(root.fd()) != 0) return system_error("enter the new root");
    const auto top = TRY(open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
    if (::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0) return system_error("move the new root");
    if (::chroot(".") != 0) return system_error("change root");
    return {};
}

// pivot_root(2) would move everybody's root.
static Status change_own_root(const RootDir& root) {
    if (::fchdir(root.fd()) != 0) return system_error("enter the new root");
    if (::chroot(".") != 0) return system_error("change root");
    return {};
}

Status detach_root(const std::string& path) {
    if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return {};
    return system_error("unmount the root filesystem '" + printable(path) + "'");
}

Status detach_root(const std::string& path, int tree) {
    struct statx ours {};

    struct statx top {};

    if (::statx(tree, "", AT_EMPTY_PATH, STATX_MNT_ID, &ours) != 0 ||
        ::statx(AT_FDCWD, path.c_str(), 0, STATX_MNT_ID, &top) != 0) {
        return system_error("inspect the root filesystem '" + printable(path) + "'");
    }
    return ours.stx_mnt_id == top.stx_mnt_id ? detach_root(path) : Status();
}

Status enter_root(const RootDir& root, const PivotOptions& options) {
    if (options.shared) {
        TRY(change_own_root(root));
    } else if (options.no_pivot) {
        TRY(change_root_without_pivot(root));
    } else {
        const auto old_root = TRY(open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
        TRY(change_root(root, old_root));
    }
    if (::chdir("/") != 0) return system_error("enter the new root");
    bool recursive = false;
    const uint64_t flag = propagation_flag(options.propagation, recursive);
    if (flag == MS_SHARED || flag == MS_UNBINDABLE) {
        TRY(set_propagation(root.fd(), flag, recursive));
    }
    if (options.readonly) {
        TRY_CONTEXT(set_attributes(root.fd(), MOUNT_ATTR_RDONLY, 0, false),
                    "make the root filesystem read-only");
    }
    return {};
}

}  // namespace dhow::oci
