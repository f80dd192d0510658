// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/checkpoint/external_mounts.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/cgroup/cgroup_mount.h"
#include "oci/runtime/mounts/devices.h"
#include "oci/runtime/mounts/mount_options.h"
#include "oci/runtime/mounts/mounts.h"

#include <fcntl.h>

namespace dhow::oci {

static constexpr const char* kNull = "/dev/null";

static Status add_mount(const Mount& mount,
                        const std::string& bundle,
                        const ContainerCgroup& cgroup,
                        std::vector<ExternalMount>& all) {
    const auto options = parse_mount_options(mount.options);
    if (mount.type == "cgroup" || mount.type == "cgroup2") {
        const auto shown = TRY(shown_hierarchies(cgroup));
        for (const ShownHierarchy& hierarchy : shown) {
            const std::string place = mount.destination + "/" + hierarchy.name;
            all.push_back({place, place, hierarchy.folder});
        }
        return {};
    }
    if (!is_bind(mount, options) || options.remount) return {};
    const bool absolute = mount.source.starts_with('/');
    all.push_back({mount.destination,
                   mount.destination,
                   absolute ? mount.source : bundle + "/" + mount.source});
    return {};
}

static void add_devices(const std::vector<Device>& devices, std::vector<ExternalMount>& all) {
    for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"}) {
        const std::string path = std::string("/dev/") + name;
        all.push_back({path, path, path, true});
    }
    for (const Device& device : devices) {
        if (device.path == "/dev/ptmx" || device.type == "p") continue;
        all.push_back({device.path, device.path, device.path, true});
    }
}

Result<std::vector<ExternalMount>> external_mounts(const RuntimeSpec& spec,
                                                   const std::string& bundle,
                                                   const ContainerCgroup& cgroup,
                                                   bool binds_devices) {
    std::vector<ExternalMount> all;
    for (const Mount& mount : spec.mounts) TRY(add_mount(mount, bundle, cgroup, all));
    if (binds_devices && owns_dev(spec.mounts)) add_devices(spec.linux_->devices, all);
    for (const std::string& path : spec.linux_->masked_paths) {
        all.push_back({kNull, path, kNull, true});
    }
    return all;
}

Result<std::string> container_path(const RootDir& root, const std::string& destination) {
    const auto found = TRY(root.open_at(destination, O_PATH));
    // Of another mount namespace the kernel tells the path from that one's root.
    return read_link_at(AT_FDCWD, fd_path(found.get()));
}

}  // namespace dhow::oci
