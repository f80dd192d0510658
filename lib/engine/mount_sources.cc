// SPDX-License-Identifier: Apache-2.0
#include "engine/mount_sources.h"

#include "base/clock.h"
#include "base/file.h"
#include "engine/context.h"
#include "store/volume_store.h"

#include <fcntl.h>
#include <unistd.h>

namespace dhow::engine {

static Status fill_volume(Context& context, const MountSpec& mount, const RootDir& rootfs) {
    store::VolumeStore volumes(context.store);
    const auto volume = TRY(volumes.find(mount.source));
    if (!volume.needs_copy_up) return {};
    const auto folder = rootfs.open_at(mount.destination, O_RDONLY | O_DIRECTORY);
    if (folder) return volumes.copy_up(volume, folder->get());
    if (folder.error().kind == ErrorKind::NotFound) return volumes.skip_copy_up(volume);
    return folder.error();
}

static Result<std::string> source_of(Context& context,
                                     const MountSpec& mount,
                                     const RootDir& rootfs) {
    if (mount.kind == MountKind::Tmpfs) return std::string();
    if (mount.kind == MountKind::Volume) {
        TRY(fill_volume(context, mount, rootfs));
        return store::VolumeStore(context.store).data_path(mount.source);
    }
    if (::access(mount.source.c_str(), F_OK) == 0) return mount.source;
    return system_error("mount '" + mount.source + "' on '" + mount.destination + "'")
        .with_fix("create it first: mkdir -p '" + mount.source + "'");
}

Result<std::vector<std::string>> find_mount_sources(Context& context,
                                                    const ContainerConfig& config,
                                                    const RootDir& rootfs) {
    std::vector<std::string> sources;
    for (const MountSpec& mount : config.options.mounts) {
        sources.push_back(TRY(source_of(context, mount, rootfs)));
    }
    return sources;
}

Status create_volumes(Context& context, ContainerConfig& config) {
    store::VolumeStore volumes(context.store);
    for (MountSpec& mount : config.options.mounts) {
        if (mount.kind != MountKind::Volume) continue;
        if (mount.source.empty()) {
            mount.source = TRY(volumes.create_anonymous()).name;
        } else {
            TRY(volumes.ensure(store::Volume{
                .name = mount.source, .created_at = now_unix_nanos(), .needs_copy_up = true}));
        }
    }
    return {};
}

}  // namespace dhow::engine
