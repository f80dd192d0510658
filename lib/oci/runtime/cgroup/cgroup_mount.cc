// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/cgroup/cgroup_mount.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/mounts/mount_api.h"
#include "oci/runtime/mounts/mount_point.h"

#include <cerrno>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace dhow::oci {

static Status attach_at(const MountContext& context, const Mount& mount, const UniqueFd& tree) {
    const auto target = TRY(make_mount_point(context.root, mount.destination, true));
    return attach(tree.get(), target.get());
}

static bool host_is_v2() {
    struct statfs fs {};

    return ::statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static Status mount_v2(const MountContext& context,
                       const Mount& mount,
                       const MountOptions& options) {
    Filesystem filesystem{"cgroup2", "cgroup", {}, options.attr_set};
    auto tree = make_filesystem(filesystem);
    if (!tree) {
        // Not allowed without a cgroup namespace of the same user namespace: what the host shows of
        // this container's group serves as well.
        const CgroupPlace* place = context.cgroup.unified();
        const std::string folder = place != nullptr ? place->folder : "/sys/fs/cgroup";
        auto bound = TRY(clone_tree(AT_FDCWD, folder, false));
        // Groups shared with the caller are not the container's to write (CVE-2023-25809).
        const uint64_t set =
            options.attr_set | (place == nullptr ? uint64_t{MOUNT_ATTR_RDONLY} : 0);
        TRY(set_attributes(bound.get(), set, options.attr_clear & ~set, false));
        tree = std::move(bound);
    }
    return attach_at(context, mount, *tree);
}

static ShownHierarchy shown_as(const std::vector<std::string>& controllers,
                               const std::string& folder) {
    ShownHierarchy shown{"", folder, {}};
    for (const std::string& controller : controllers) {
        const std::string name =
            controller.starts_with("name=") ? controller.substr(5) : controller;
        shown.name += (shown.name.empty() ? "" : ",") + name;
        if (controllers.size() > 1) shown.links.push_back(name);
    }
    return shown;
}

Result<std::vector<ShownHierarchy>> shown_hierarchies(const ContainerCgroup& cgroup) {
    std::vector<ShownHierarchy> all;
    if (host_is_v2()) return all;
    for (const CgroupPlace& place : cgroup.places) {
        if (!place.v2) all.push_back(shown_as(place.controllers, place.folder));
    }
    if (!all.empty()) return all;
    const auto layout = TRY(detect_cgroups());
    for (const CgroupHierarchy& hierarchy : layout.hierarchies) {
        const std::string own = hierarchy.own_folder();
        if (!hierarchy.v2 && !own.empty()) all.push_back(shown_as(hierarchy.controllers, own));
    }
    return all;
}

static Status show(const RootDir& top, const ShownHierarchy& shown, const MountOptions& options) {
    auto tree = TRY(clone_tree(AT_FDCWD, shown.folder, false));
    TRY(set_attributes(tree.get(), options.attr_set, options.attr_clear, false));
    const auto target = TRY(top.make_dirs("/" + shown.name));
    TRY(attach(tree.get(), target.get()));
    for (const std::string& link : shown.links) {
        if (::symlinkat(shown.name.c_str(), top.fd(), link.c_str()) != 0 && errno != EEXIST) {
            return system_error("create link '" + link + "'");
        }
    }
    return {};
}

static Status mount_v1(const MountContext& context,
                       const Mount& mount,
                       const MountOptions& options) {
    Filesystem filesystem{"tmpfs", "tmpfs", {{"mode", "755"}}, options.attr_set};
    filesystem.attributes &= ~uint64_t{MOUNT_ATTR_RDONLY};
    auto tree = TRY(make_filesystem(filesystem));
    TRY(attach_at(context, mount, tree));
    const RootDir top(std::move(tree));
    MountOptions inner = options;
    // A group shared with the caller is not the container's to write, whatever the options say.
    if (!context.cgroup.exists()) inner.attr_set |= MOUNT_ATTR_RDONLY;
    const auto all = TRY(shown_hierarchies(context.cgroup));
    for (const ShownHierarchy& shown : all) {
        TRY_CONTEXT(show(top, shown, inner), "cgroup hierarchy '" + shown.name + "'");
    }
    return set_attributes(top.fd(), options.attr_set & MOUNT_ATTR_RDONLY, 0, false);
}

Status mount_cgroup(const MountContext& context, const Mount& mount, const MountOptions& options) {
    return host_is_v2() ? mount_v2(context, mount, options) : mount_v1(context, mount, options);
}

}  // namespace dhow::oci
