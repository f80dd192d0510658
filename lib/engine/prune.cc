// SPDX-License-Identifier: Apache-2.0
// container prune, image prune, volume prune.
#include "engine/prune.h"

#include "engine/container_repo.h"
#include "engine/context.h"
#include "engine/disk_usage.h"
#include "engine/engine.h"
#include "engine/reconcile.h"
#include "engine/volumes.h"
#include "store/image_store.h"
#include "store/reserve.h"

namespace dhow::engine {

namespace {

Status begin(Context& context) {
    TRY(context.enter());
    return reconcile(context);
}

// Somebody was faster, or has begun to use it.
bool was_overtaken(const Error& error) {
    return error.kind == ErrorKind::NotFound || error.kind == ErrorKind::Conflict;
}

bool may_go(ContainerStatus status) {
    return status == ContainerStatus::Created || status == ContainerStatus::Exited ||
           status == ContainerStatus::Unknown;
}

bool may_go(const ImageSummary& image, const ImagePruneRequest& request) {
    if (image.containers != 0) return false;
    if (!request.all && !image.names.empty()) return false;
    return request.filter.passes(image.labels, image.created_at);
}

bool may_go(const VolumeDetails& volume, const VolumePruneRequest& request) {
    if (!volume.containers.empty()) return false;
    if (!request.all && !volume.anonymous) return false;
    return request.filter.passes(volume.labels, volume.created_at);
}

}  // namespace

Result<Pruned> prune_containers(Engine& engine, const PruneFilter& filter) {
    Context& context = engine.context();
    const store::Room room(context.store.root_fd());
    TRY(begin(context));
    Pruned pruned;
    for (const ContainerSummary& container : TRY(list_containers(engine, {.all = true}))) {
        if (!may_go(container.status)) continue;
        if (!filter.passes(container.labels, container.created_at)) continue;
        const uint64_t size = TRY(writable_size(context, container.id));
        const auto removed = remove_container(engine, RemoveRequest{.container = container.id});
        if (!removed && was_overtaken(removed.error())) continue;
        TRY(removed);
        pruned.removed.push_back(container.id);
        pruned.reclaimed += size;
    }
    return pruned;
}

Result<Pruned> prune_images(Engine& engine, const ImagePruneRequest& request) {
    Context& context = engine.context();
    const store::Room room(context.store.root_fd());
    TRY(begin(context));
    store::ImageStore images(context.store);
    const uint64_t before = TRY(images.layers_size());
    Pruned pruned;
    for (const ImageSummary& image : TRY(list_images(engine))) {
        if (!may_go(image, request)) continue;
        const auto removed = images.remove(image.id, true);
        if (!removed && was_overtaken(removed.error())) continue;
        TRY(removed);
        pruned.removed.push_back(image.id);
    }
    const uint64_t after = TRY(images.layers_size());
    pruned.reclaimed = before > after ? before - after : 0;
    return pruned;
}

Result<Pruned> prune_volumes(Engine& engine, const VolumePruneRequest& request) {
    Context& context = engine.context();
    const store::Room room(context.store.root_fd());
    TRY(begin(context));
    Pruned pruned;
    for (const VolumeDetails& volume : TRY(list_volumes(engine))) {
        if (!may_go(volume, request)) continue;
        const uint64_t size = TRY(volume_size(volume));
        if (!request.dry_run) {
            const auto removed = remove_volume(engine, {.volume = volume.name});
            if (!removed && was_overtaken(removed.error())) continue;
            TRY(removed);
        }
        pruned.removed.push_back(volume.name);
        pruned.reclaimed += size;
    }
    return pruned;
}

}  // namespace dhow::engine
