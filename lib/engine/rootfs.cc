// SPDX-License-Identifier: Apache-2.0
#include "engine/rootfs.h"

#include "base/file.h"
#include "engine/context.h"
#include "store/layer_store.h"
#include "store/overlay.h"

#include <cerrno>

#include <sys/mount.h>

namespace dhow::engine {

Status mount_rootfs(Context& context, const ContainerConfig& config) {
    const store::LayerStore layers(context.store);
    const std::string state_dir = context.container_state_dir(config.id);
    const std::string target = context.container_run_dir(config.id) + "/rootfs";
    TRY(make_dirs(target));
    store::OverlaySpec spec;
    // The config lists the base first; overlay wants the topmost first.
    for (auto layer = config.layers.rbegin(); layer != config.layers.rend(); ++layer) {
        spec.lowers.push_back(layers.path_of(*layer));
    }
    spec.upper = state_dir + "/upper";
    spec.work = state_dir + "/work";
    spec.userxattr = context.rootless;
    spec.volatile_upper = config.options.auto_remove;
    return store::mount_overlay(spec, target);
}

Status unmount_rootfs(Context& context, const std::string& id) {
    const std::string target = context.container_run_dir(id) + "/rootfs";
    if (::umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return {};
    if (errno == EINVAL || errno == ENOENT) return {};
    return system_error("unmount '" + target + "'");
}

}  // namespace dhow::engine
