// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/device_nodes.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/mounts/mount_api.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace dhow::oci {

Result<mode_t> node_type(const Device& device) {
    if (device.type == "c" || device.type == "u") return S_IFCHR;
    if (device.type == "b") return S_IFBLK;
    if (device.type == "p") return S_IFIFO;
    return make_error(ErrorKind::InvalidArgument,
                      "unknown device type '" + printable(device.type) + "'");
}

// Cut to 32 bits a larger number would be another device's.
static bool fits_kernel(int64_t number) {
    return number >= 0 && number <= INT32_MAX;
}

Result<dev_t> node_number(const Device& device) {
    if (device.type == "p") return dev_t{0};
    if (!fits_kernel(device.major) || !fits_kernel(device.minor)) {
        return make_error(ErrorKind::InvalidArgument, "device number out of range");
    }
    return makedev(static_cast<unsigned>(device.major), static_cast<unsigned>(device.minor));
}

namespace {

// A node as the host is to see it.
struct Node {
    mode_t type = 0;
    dev_t number = 0;
    uid_t uid = 0;
    gid_t gid = 0;
};

std::optional<uint32_t> on_host(const std::vector<IdMapping>& map, uint32_t id) {
    for (const IdMapping& line : map) {
        if (id >= line.container_id && id - line.container_id < line.size) {
            return line.host_id + (id - line.container_id);
        }
    }
    return std::nullopt;
}

// None for what is made elsewhere, and for what is refused there.
std::optional<Node> as_on_host(const Device& device, const Linux& linux_part) {
    const auto type = node_type(device);
    const auto number = node_number(device);
    const auto uid = on_host(linux_part.uid_mappings, device.uid.value_or(0));
    const auto gid = on_host(linux_part.gid_mappings, device.gid.value_or(0));
    if (!type || *type == S_IFIFO || !number || !uid || !gid) return std::nullopt;
    return Node{*type, *number, *uid, *gid};
}

// Every container has these, from the host.
bool is_default(const std::string& path) {
    static constexpr std::array<std::string_view, 6> kPaths = {
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
    return std::find(kPaths.begin(), kPaths.end(), path) != kPaths.end();
}

bool host_serves(const Device& device, const Node& node) {
    struct stat st {};

    if (::lstat(device.path.c_str(), &st) != 0) return false;
    if ((st.st_mode & S_IFMT) != node.type || st.st_rdev != node.number) return false;
    const bool mode = !device.file_mode || (*device.file_mode & 07777U) == (st.st_mode & 07777U);
    const bool user = !device.uid || node.uid == st.st_uid;
    const bool group = !device.gid || node.gid == st.st_gid;
    return mode && user && group;
}

Status make_node(int folder, const std::string& name, const Device& device, const Node& node) {
    const mode_t mode = device.file_mode.value_or(0666) & 07777U;
    if (::mknodat(folder, name.c_str(), node.type | mode, node.number) != 0) {
        return system_error("create device node");
    }
    if (::fchownat(folder, name.c_str(), node.uid, node.gid, AT_SYMLINK_NOFOLLOW) != 0) {
        return system_error("set owner");
    }
    // mknod(2) obeys the umask.
    if (::fchmodat(folder, name.c_str(), mode, 0) != 0) return system_error("set mode");
    return {};
}

}  // namespace

Result<UniqueFd> make_own_nodes(const Linux& linux_part) {
    UniqueFd nodes;
    for (size_t i = 0; i < linux_part.devices.size(); ++i) {
        const Device& device = linux_part.devices[i];
        const auto node = as_on_host(device, linux_part);
        if (!node || is_default(device.path) || host_serves(device, *node)) continue;
        if (!nodes) {
            nodes = TRY(make_filesystem({.type = "tmpfs",
                                         .source = "devices",
                                         .parameters = {{"mode", "0711"}},
                                         .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC}));
        }
        auto made = make_node(nodes.get(), std::to_string(i), device, *node);
        if (made) continue;
        // In a container ourselves we may make none.
        if (made.error().sys_errno == EPERM) return UniqueFd();
        return std::move(made).error().context("create device '" + printable(device.path) + "'");
    }
    return nodes;
}

Result<std::vector<UniqueFd>> take_own_nodes(const UniqueFd& nodes, size_t devices, int place) {
    std::vector<UniqueFd> taken(devices);
    if (!nodes) return taken;
    TRY(attach(nodes.get(), place));
    for (size_t i = 0; i < devices; ++i) {
        auto node = clone_tree(nodes.get(), std::to_string(i), false);
        if (node) {
            taken[i] = node.take();
        } else if (node.error().sys_errno != ENOENT) {
            return std::move(node).error();
        }
    }
    if (::umount2(fd_path(nodes.get()).c_str(), MNT_DETACH) != 0) {
        return system_error("detach the devices' file system");
    }
    return taken;
}

}  // namespace dhow::oci
