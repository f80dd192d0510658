// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/devices.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/mounts/device_nodes.h"
#include "oci/runtime/mounts/mount_api.h"
#include "oci/runtime/mounts/mounts.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

struct Node {
    const char* name;
    unsigned major;
    unsigned minor;
};

constexpr std::array<Node, 6> kNodes = {{{"null", 1, 3},
                                         {"zero", 1, 5},
                                         {"full", 1, 7},
                                         {"random", 1, 8},
                                         {"urandom", 1, 9},
                                         {"tty", 5, 0}}};

struct Link {
    const char* target;
    const char* name;
};

constexpr std::array<Link, 5> kLinks = {{{"/proc/self/fd", "fd"},
                                         {"/proc/self/fd/0", "stdin"},
                                         {"/proc/self/fd/1", "stdout"},
                                         {"/proc/self/fd/2", "stderr"},
                                         {"pts/ptmx", "ptmx"}}};

}  // namespace

bool owns_dev(const std::vector<Mount>& mounts) {
    bool own = true;
    for (const Mount& mount : mounts) {
        if (mount.destination != "/dev" && mount.destination != "/dev/") continue;
        own = mount.type == "tmpfs" || mount.type == "devtmpfs";
    }
    return own;
}

struct Wanted {
    mode_t type;
    dev_t number;  // 0: any
};

// What is bound is looked at, not its name: `host_path` may be a link by now, or another node
// (CVE-2025-31133).
static Result<UniqueFd> clone_node(const std::string& host_path, const Wanted& wanted) {
    auto tree = TRY(clone_tree(AT_FDCWD, host_path, false));

    struct stat st {};

    if (::fstat(tree.get(), &st) != 0)
        return system_error("inspect '" + printable(host_path) + "'");
    const bool same = wanted.number == 0 || st.st_rdev == wanted.number;
    if ((st.st_mode & S_IFMT) == wanted.type && same) return tree;
    return make_error(ErrorKind::Permission,
                      "'" + printable(host_path) + "' is not that device on this machine");
}

static Status attach_node(int folder, const std::string& name, const UniqueFd& tree) {
    const auto made = open_at(folder, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0644);
    if (!made && made.error().sys_errno != EEXIST) return made.error();
    const auto target = TRY(open_at(folder, name, O_PATH | O_NOFOLLOW));
    TRY(set_attributes(tree.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, false));
    return attach(tree.get(), target.get());
}

static Status bind_node(int folder,
                        const std::string& name,
                        const std::string& host_path,
                        const Wanted& wanted) {
    const auto tree = TRY(clone_node(host_path, wanted));
    return attach_node(folder, name, tree);
}

static Status make_node(int folder, const std::string& name, mode_t mode, dev_t number) {
    if (::mknodat(folder, name.c_str(), mode, number) == 0) {
        // mknod(2) obeys the umask
        if (::fchmodat(folder, name.c_str(), mode & 07777U, 0) == 0) return {};
        return system_error("set mode");
    }
    if (errno != EEXIST) return system_error("create device node");

    struct stat st {};

    if (::fstatat(folder, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return system_error("stat");
    const bool same = (st.st_mode & S_IFMT) == (mode & S_IFMT) && st.st_rdev == number;
    if (same) return {};
    return system_error("create device node", EEXIST);
}

static Status make_default_node(int folder, const Node& node, bool bind) {
    const std::string host_path = std::string("/dev/") + node.name;
    const Wanted wanted{S_IFCHR, makedev(node.major, node.minor)};
    if (bind) return bind_node(folder, node.name, host_path, wanted);
    auto made = make_node(folder, node.name, S_IFCHR | 0666, wanted.number);
    if (!made && made.error().sys_errno == EPERM) {
        return bind_node(folder, node.name, host_path, wanted);
    }
    return made;
}

static Status make_default_nodes(int folder, bool bind) {
    for (const Node& node : kNodes) {
        TRY_CONTEXT(make_default_node(folder, node, bind),
                    std::string("create '/dev/") + node.name + "'");
    }
    for (const Link& link : kLinks) {
        if (::symlinkat(link.target, folder, link.name) == 0 || errno == EEXIST) continue;
        return system_error(std::string("create link '/dev/") + link.name + "'");
    }
    return {};
}

static Status make_device(const RootDir& root,
                          const Device& device,
                          bool bind,
                          const UniqueFd& own) {
    const mode_t type = TRY(node_type(device));
    const std::string path = device.path.substr(0, device.path.find_last_not_of('/') + 1);
    if (!path.starts_with('/')) {
        return make_error(ErrorKind::InvalidArgument, "path is not absolute");
    }
    const size_t slash = path.rfind('/');
    const auto folder = TRY(root.make_dirs(path.substr(0, slash + 1)));
    const std::string name = path.substr(slash + 1);
    if (name == "." || name == "..") {
        return make_error(ErrorKind::InvalidArgument, "path names no entry");
    }
    const dev_t number = TRY(node_number(device));
    if (own) return attach_node(folder.get(), name, own);
    // Nodes of the default set may be listed again; in a user namespace they are mounted already.
    if (bind && type != S_IFIFO) {
        struct stat st {};

        if (::fstatat(folder.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            (st.st_mode & S_IFMT) == type) {
            return {};
        }
        return bind_node(folder.get(), name, device.path, {type, number});
    }
    const mode_t mode = type | (device.file_mode.value_or(0666) & 07777U);
    TRY(make_node(folder.get(), name, mode, number));
    if (::fchownat(folder.get(),
                   name.c_str(),
                   device.uid.value_or(0),
                   device.gid.value_or(0),
                   AT_SYMLINK_NOFOLLOW) != 0) {
        return system_error("set owner");
    }
    return {};
}

Status make_devices(const RootDir& root,
                    const std::vector<Device>& devices,
                    const DeviceOptions& options) {
    const auto folder = TRY(root.make_dirs("/dev"));
    TRY(make_default_nodes(folder.get(), options.bind));
    const auto own = TRY(take_own_nodes(options.own_nodes, devices.size(), folder.get()));
    for (size_t i = 0; i < devices.size(); ++i) {
        const Device& device = devices[i];
        // `--privileged` of docker and podman lists all of the host's: its ptmx is not ours.
        if (device.path == "/dev/ptmx") continue;
        TRY_CONTEXT(make_device(root, device, options.bind, own[i]),
                    "create device '" + printable(device.path) + "'");
    }
    return {};
}

static bool is_null_device(int fd) {
    struct stat st {};

    return ::fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

Status adopt_null_stdio(const RootDir& root) {
    for (int fd = 0; fd <= 2; ++fd) {
        if (!is_null_device(fd)) continue;
        const int mode = ::fcntl(fd, F_GETFL) & O_ACCMODE;
        const auto own =
            root.open_at("/dev/null", mode | O_NONBLOCK | O_NOCTTY, 0, RootDir::Links::Refuse);
        if (!own || !is_null_device(own->get())) continue;
        if (::dup3(own->get(), fd, 0) < 0) return system_error("reopen the null device");
        if (::fcntl(fd, F_SETFL, 0) != 0) return system_error("reopen the null device");
    }
    return {};
}

}  // namespace dhow::oci
