// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/mount_api.h"

#include "base/file.h"
#include "base/text.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace dhow::oci {

// fsopen(2): the context answers reads with lines such as "e tmpfs: Bad value for 'size'".
static std::string explanation(int context) {
    std::array<char, 512> line{};
    const ssize_t got = ::read(context, line.data(), line.size());
    if (got <= 2) return {};
    const std::string_view text(line.data() + 2, static_cast<size_t>(got) - 2);
    return " (" + printable(trim(text)) + ")";
}

static Error refused(const Filesystem& filesystem, const std::string& doing, int context) {
    const int saved = errno;
    return system_error(
        doing + " of a " + printable(filesystem.type) + " file system" + explanation(context),
        saved);
}

Result<UniqueFd> make_filesystem(const Filesystem& filesystem) {
    const UniqueFd context(::fsopen(filesystem.type.c_str(), FSOPEN_CLOEXEC));
    if (!context) return system_error("open file system type '" + printable(filesystem.type) + "'");
    const int fd = context.get();
    if (!filesystem.source.empty() &&
        ::fsconfig(fd, FSCONFIG_SET_STRING, "source", filesystem.source.c_str(), 0) != 0) {
        return refused(filesystem, "set source", fd);
    }
    for (const auto& [key, value] : filesystem.parameters) {
        const bool flag = value.empty();
        const auto command = flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
        if (::fsconfig(fd, command, key.c_str(), flag ? nullptr : value.c_str(), 0) != 0) {
            return refused(filesystem, "set option '" + printable(key) + "'", fd);
        }
    }
    if (::fsconfig(fd, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
        return refused(filesystem, "create superblock", fd);
    }
    UniqueFd mount(::fsmount(fd, FSMOUNT_CLOEXEC, static_cast<unsigned>(filesystem.attributes)));
    if (!mount) return refused(filesystem, "mount", fd);
    return mount;
}

Result<UniqueFd> clone_tree(int dir, const std::string& path, bool recursive, TreeLinks links) {
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
    if (path.empty()) flags |= AT_EMPTY_PATH;
    if (recursive) flags |= AT_RECURSIVE;
    if (links == TreeLinks::Keep) flags |= AT_SYMLINK_NOFOLLOW;
    UniqueFd mount(::open_tree(dir, path.c_str(), flags));
    if (!mount) return system_error("clone mount tree '" + printable(path) + "'");
    return mount;
}

static bool has_magic(int mount, uint64_t magic) {
    struct statfs fs {};

    return ::fstatfs(mount, &fs) == 0 && static_cast<uint64_t>(fs.f_type) == magic;
}

// Whether the procfs at /proc shows the pid namespace that this process is in.
static bool shows_own_pids() {
    const auto self = read_link_at(AT_FDCWD, "/proc/self");
    return self && *self == std::to_string(::getpid());
}

// mount_too_revealing() of the kernel: what covers parts of the caller's procfs must cover this
// one.
static constexpr const char* kProcFix =
    "in a user namespace the caller's own /proc must be whole: start the outer container with "
    "nothing "
    "masked or read-only in /proc, or give this one the pid namespace of its caller";

Result<UniqueFd> make_or_share_filesystem(const Filesystem& filesystem) {
    auto made = make_filesystem(filesystem);
    if (made || made.error().sys_errno != EPERM) return made;
    const bool proc = filesystem.type == "proc";
    if (proc && !shows_own_pids()) return std::move(made).error().with_fix(kProcFix);
    if (!proc && filesystem.type != "sysfs") return made;
    auto shared = TRY(clone_tree(AT_FDCWD, proc ? "/proc" : "/sys", true));
    if (!has_magic(shared.get(), proc ? PROC_SUPER_MAGIC : SYSFS_MAGIC)) return made;
    TRY(set_attributes(shared.get(), filesystem.attributes, 0, true));
    return shared;
}

static Status change(int mount, const mount_attr& attributes, bool recursive, const char* doing) {
    const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
    auto* argument = const_cast<mount_attr*>(&attributes);
    if (::mount_setattr(mount, "", flags, argument, sizeof attributes) == 0) return {};
    return system_error(doing);
}

Status set_attributes(int mount, uint64_t set, uint64_t clear, bool recursive) {
    if (set == 0 && clear == 0) return {};
    mount_attr attributes{};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    return change(mount, attributes, recursive, "set mount attributes");
}

Status set_propagation(int mount, uint64_t flag, bool recursive) {
    mount_attr attributes{};
    attributes.propagation = flag;
    return change(mount, attributes, recursive, "set mount propagation");
}

Status attach(int mount, int target) {
    constexpr unsigned kByDescriptors = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
    if (::move_mount(mount, "", target, "", kByDescriptors) == 0) return {};
    return system_error("attach mount");
}

}  // namespace dhow::oci
