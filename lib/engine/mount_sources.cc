// SPDX-License-Identifier: Apache-2.0
#include "engine/mount_sources.h"

#include "base/clock.h"
#include "base/file.h"
#include "engine/context.h"
#include "engine/volume_options.h"
#include "store/volume_store.h"

#include <fcntl.h>
#include <unistd.h>

namespace dhow::engine {

static Status fill_volume(store::VolumeStore& volumes,
                          const store::Volume& volume,
                          const MountSpec& mount,
                          const RootDir& rootfs) {
    const auto folder = rootfs.open_at(mount.destination, O_RDONLY | O_DIRECTORY);
    if (folder) return volumes.copy_up(volume, folder->get());
    if (folder.error().kind == ErrorKind::NotFound) return volumes.skip_copy_up(volume);
    return folder.error();
}

static Result<MountSource> path_of(const std::string& path, const MountSpec& mount) {
    if (::access(path.c_str(), F_OK) == 0) return MountSource{.path = path};
    return system_error("mount '" + path + "' on '" + mount.destination + "'")
        .with_fix("create it first: mkdir -p '" + path + "'");
}

static Result<MountSource> volume_of(Context& context,
                                     const MountSpec& mount,
                                     const RootDir& rootfs) {
    store::VolumeStore volumes(context.store);
    const auto volume = TRY(volumes.find(mount.source));
    if (volume.needs_copy_up) TRY(fill_volume(volumes, volume, mount, rootfs));
    if (volume.options.empty()) return MountSource{.path = volumes.data_path(mount.source)};
    auto wanted = TRY_CONTEXT(parse_volume_options(volume.options), "volume '" + volume.name + "'");
    if (wanted.type.empty()) return MountSource{.path = volumes.data_path(mount.source)};
    if (wanted.type == "bind") TRY(path_of(wanted.device, mount));
    return MountSource{.path = std::move(wanted.device),
                       .type = std::move(wanted.type),
                       .options = std::move(wanted.options)};
}

static Result<MountSource> source_of(Context& context,
                                     const MountSpec& mount,
                                     const RootDir& rootfs) {
    switch (mount.kind) {
        case MountKind::Tmpfs:
            return MountSource{};
        case MountKind::Volume:
            return volume_of(context, mount, rootfs);
        case MountKind::Bind:
            return path_of(mount.source, mount);
    }
    return make_error(ErrorKind::Internal, "unknown kind of mount");
}

Result<std::vector<MountSource>> find_mount_sources(Context& context,
                                                    const ContainerConfig& config,
                                                    const RootDir& rootfs) {
    std::vector<MountSource> sources;
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
