// SPDX-License-Identifier: Apache-2.0
// system check: the store's own findings, those about containers, and their repair.
#include "engine/check.h"

#include "base/file.h"
#include "engine/container_repo.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/reconcile.h"
#include "engine/transfers.h"
#include "store/check.h"
#include "store/image_store.h"
#include "store/reserve.h"

#include <fcntl.h>

namespace dhow::engine {

namespace {

using Kind = store::Damage::Kind;

std::string_view word_of(Kind kind) {
    switch (kind) {
        case Kind::Database:
            return "database ";
        case Kind::Layer:
            return "layer ";
        case Kind::Blob:
            return "blob ";
        case Kind::Volume:
            return "volume ";
    }
    return "";
}

template <class T>
Status status_of(const Result<T>& result) {
    return result ? Status() : Status(result.error());
}

// An image that is gone already was an earlier finding's, too.
Status remove_images(Engine& engine, const std::vector<std::string>& ids, bool force) {
    store::ImageStore images(engine.context().store);
    for (const std::string& id : ids) {
        const Status removed =
            force ? status_of(remove_image(engine, id, true)) : status_of(images.remove(id, true));
        if (!removed && removed.error().kind == ErrorKind::NotFound) continue;
        TRY(removed);
    }
    return {};
}

Status make_volume_folder(const Context& context, const std::string& name) {
    const auto volume = TRY(make_dir_at(context.store.root_fd(), "volumes/" + name));
    const auto data = TRY(make_dir_at(volume.get(), "_data", 0755));
    return {};
}

// True when it is done; false when it is for somebody else to do.
Result<bool> repair(Engine& engine, const store::Damage& damage, const CheckRequest& request) {
    if (damage.kind == Kind::Database) return false;
    if (damage.kind == Kind::Volume) {
        TRY(make_volume_folder(engine.context(), damage.name));
        return true;
    }
    const Status removed = remove_images(engine, damage.images, request.force);
    // Containers are in the way, and --force was not given.
    if (!removed && removed.error().kind == ErrorKind::Conflict) return false;
    TRY(removed);
    return true;
}

Status report_store(Engine& engine,
                    const CheckRequest& request,
                    const ProgressSink& sink,
                    CheckReport& report) {
    auto found =
        TRY(store::check_store(engine.context().store, request.quick, forward_progress(sink)));
    report.layers = found.layers;
    report.blobs = found.blobs;
    report.volumes = found.volumes;
    for (store::Damage& damage : found.damages) {
        Finding finding{.object = std::string(word_of(damage.kind)) + damage.name,
                        .problem = damage.problem};
        if (request.repair) finding.repaired = TRY(repair(engine, damage, request));
        finding.images = std::move(damage.images);
        report.findings.push_back(std::move(finding));
    }
    return {};
}

Status report_containers(Engine& engine, const CheckRequest& request, CheckReport& report) {
    Context& context = engine.context();
    for (const ContainerRow& row : TRY(list_container_rows(context))) {
        ++report.containers;
        if (row.state != RowState::Created) continue;
        if (exists_at(context.store.root_fd(), "containers/" + row.id)) continue;
        Finding finding{.object = "container " + row.name, .problem = "its folder is missing"};
        if (request.repair && request.force) {
            TRY(remove_container(engine, RemoveRequest{.container = row.id, .force = true}));
            finding.repaired = true;
        }
        report.findings.push_back(std::move(finding));
    }
    return {};
}

}  // namespace

Result<CheckReport> check_system(Engine& engine,
                                 const CheckRequest& request,
                                 const ProgressSink& sink) {
    Context& context = engine.context();
    TRY(context.enter());
    TRY(reconcile(context));
    CheckReport report;
    TRY(report_store(engine, request, sink, report));
    TRY(report_containers(engine, request, report));
    report.images = TRY(list_images(engine)).size();
    return report;
}

Status reset_system(Engine& engine) {
    Context& context = engine.context();
    const store::Room room(context.store.root_fd());
    TRY(context.enter());
    TRY(reconcile(context));
    for (const ContainerRow& row : TRY(list_container_rows(context))) {
        TRY(remove_container(
            engine, RemoveRequest{.container = row.id, .force = true, .timeout_seconds = 0}));
    }
    // The database first: folders without rows are leftovers, rows without folders are damage.
    const int root = context.store.root_fd();
    for (const char* name : {"db.sqlite", "db.sqlite-wal", "db.sqlite-shm"}) {
        TRY(remove_file_at(root, name));
    }
    for (const std::string& name : TRY(list_dir_at(root, "."))) TRY(remove_tree_at(root, name));
    return {};
}

}  // namespace dhow::engine
