// SPDX-License-Identifier: Apache-2.0
#include "engine/disk_usage.h"

#include "base/tree_size.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/volume_options.h"
#include "store/image_store.h"

#include <algorithm>

namespace dhow::engine {

namespace {

Result<uint64_t> size_of(const std::string& path) {
    auto tree = RootDir::open(path);
    if (!tree && tree.error().kind == ErrorKind::NotFound) return uint64_t{0};
    if (!tree) return std::move(tree).error();
    return tree_size(*tree);
}

Result<std::vector<ImageUsage>> image_usage(Engine& engine) {
    store::ImageStore images(engine.context().store);
    auto sizes = TRY(images.sizes());
    std::vector<ImageUsage> usage;
    for (ImageSummary& image : TRY(list_images(engine))) {
        const store::ImageSizes& of = sizes[image.id];
        usage.push_back({std::move(image), of.shared, of.unique});
    }
    return usage;
}

Result<std::vector<ContainerUsage>> container_usage(Engine& engine) {
    std::vector<ContainerUsage> usage;
    for (ContainerSummary& container : TRY(list_containers(engine, {.all = true}))) {
        const uint64_t size = TRY(writable_size(engine.context(), container.id));
        const auto volumes = std::count_if(
            container.mounts.begin(), container.mounts.end(), [](const MountSpec& mount) {
                return mount.kind == MountKind::Volume;
            });
        usage.push_back({std::move(container), size, static_cast<int>(volumes)});
    }
    return usage;
}

Result<std::vector<VolumeUsage>> volume_usage(Engine& engine) {
    std::vector<VolumeUsage> usage;
    for (VolumeDetails& volume : TRY(list_volumes(engine))) {
        const uint64_t size = TRY(volume_size(volume));
        usage.push_back({std::move(volume), size});
    }
    return usage;
}

}  // namespace

Result<uint64_t> writable_size(const Context& context, const std::string& container_id) {
    return size_of(context.container_state_dir(container_id) + "/upper");
}

Result<uint64_t> volume_size(const VolumeDetails& volume) {
    const auto mount = TRY(parse_volume_options(volume.options));
    return mount.type.empty() ? size_of(volume.mount_point) : uint64_t{0};
}

Result<DiskUsage> disk_usage(Engine& engine) {
    TRY(engine.context().enter());
    DiskUsage usage;
    usage.images = TRY(image_usage(engine));
    usage.layers = TRY(store::ImageStore(engine.context().store).layers_size());
    usage.containers = TRY(container_usage(engine));
    usage.volumes = TRY(volume_usage(engine));
    return usage;
}

}  // namespace dhow::engine
