// SPDX-License-Identifier: Apache-2.0
// volume create, inspect, ls, rm, export, import.
#include "engine/volumes.h"

#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/reconcile.h"
#include "engine/volume_options.h"
#include "store/reserve.h"
#include "store/transfer_client.h"
#include "store/volume_store.h"

#include <optional>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::engine {

namespace {

constexpr size_t kNameBytes = 32;

VolumeDetails describe(const store::VolumeStore& volumes, store::Volume volume) {
    VolumeDetails details;
    details.mount_point = volumes.data_path(volume.name);
    details.name = std::move(volume.name);
    details.created_at = volume.created_at;
    details.labels = std::move(volume.labels);
    details.options = std::move(volume.options);
    details.anonymous = volume.anonymous;
    details.needs_copy_up = volume.needs_copy_up;
    return details;
}

Status refuse_driver(const std::string& driver) {
    if (driver.empty() || driver == "local") return {};
    return make_error(ErrorKind::Unsupported,
                      "volume driver '" + printable(driver) + "' is not supported",
                      "use local, with --opt type=, device= and o=");
}

// The owner that "o=uid=N,gid=N" gives to an ordinary volume.
Status give_owner(Context& context, const std::string& path, const VolumeOwner& owner) {
    if (!owner.uid && !owner.gid) return {};
    TRY(context.enter());
    const auto folder = TRY(open_dir_at(AT_FDCWD, path));
    const uid_t uid = owner.uid.value_or(static_cast<uid_t>(-1));
    const gid_t gid = owner.gid.value_or(static_cast<gid_t>(-1));
    if (::fchown(folder.get(), uid, gid) == 0) return {};
    return system_error("give volume folder '" + path + "' its owner");
}

// With Podman's word for it: a name, or the beginning of just one.
Result<store::Volume> find(store::VolumeStore& volumes, const std::string& name) {
    auto exact = volumes.find(name);
    if (exact || exact.error().kind != ErrorKind::NotFound || name.empty()) return exact;
    std::optional<store::Volume> found;
    for (store::Volume& volume : TRY(volumes.list())) {
        if (!volume.name.starts_with(name)) continue;
        if (found) {
            return make_error(ErrorKind::Conflict,
                              "'" + printable(name) + "' begins the names of several volumes: '" +
                                  found->name + "' and '" + volume.name + "'",
                              "give more of the name");
        }
        found = std::move(volume);
    }
    return found ? Result<store::Volume>(std::move(*found)) : exact;
}

}  // namespace

Result<VolumeDetails> create_volume(Engine& engine, const VolumeRequest& request) {
    Context& context = engine.context();
    TRY(refuse_driver(request.driver));
    const VolumeMount mount = TRY(parse_volume_options(request.options));
    // What a killed removal left of a volume of this name is no content of the new one.
    TRY(sweep_leftovers(context));
    store::VolumeStore volumes(context.store);
    store::Volume wanted;
    wanted.anonymous = request.name.empty();
    wanted.name = wanted.anonymous ? random_hex(kNameBytes) : request.name;
    wanted.labels = request.labels;
    wanted.options = request.options;
    auto made = volumes.create(wanted);
    if (!made && made.error().kind == ErrorKind::AlreadyExists && request.ignore_existing) {
        return inspect_volume(engine, request.name);
    }
    if (!made) return std::move(made).error();
    TRY(give_owner(context, volumes.data_path(made->name), mount.owner));
    return describe(volumes, made.take());
}

Result<VolumeDetails> inspect_volume(Engine& engine, const std::string& name) {
    store::VolumeStore volumes(engine.context().store);
    auto details = describe(volumes, TRY(find(volumes, name)));
    auto users = TRY(volumes.users());
    details.containers = std::move(users[details.name]);
    return details;
}

Result<std::vector<VolumeDetails>> list_volumes(Engine& engine) {
    store::VolumeStore volumes(engine.context().store);
    auto all = TRY(volumes.list());
    auto users = TRY(volumes.users());
    std::vector<VolumeDetails> list;
    for (store::Volume& volume : all) {
        list.push_back(describe(volumes, std::move(volume)));
        list.back().containers = std::move(users[list.back().name]);
    }
    return list;
}

Status remove_volume(Engine& engine, const RemoveVolumeRequest& request) {
    Context& context = engine.context();
    const store::Room room(context.store.root_fd());
    TRY(context.enter());
    TRY(reconcile(context));
    store::VolumeStore volumes(context.store);
    const auto volume = TRY(find(volumes, request.volume));
    if (request.force) {
        auto users = TRY(volumes.users());
        for (const std::string& id : users[volume.name]) {
            RemoveRequest removal{.container = id, .force = true};
            removal.timeout_seconds = request.timeout_seconds;
            TRY(remove_container(engine, removal));
        }
    }
    auto removed = volumes.remove(volume.name);
    // An anonymous one may have gone with its last container.
    if (!removed && request.force && removed.error().kind == ErrorKind::NotFound) return {};
    return removed;
}

static Result<std::string> folder_of(Context& context, const std::string& name) {
    store::VolumeStore volumes(context.store);
    const auto volume = TRY(find(volumes, name));
    const auto mount = TRY(parse_volume_options(volume.options));
    if (mount.type.empty()) return volumes.data_path(volume.name);
    if (mount.type == "bind") return mount.device;
    return make_error(ErrorKind::Unsupported,
                      "volume '" + volume.name + "' is a " + mount.type +
                          " of each container: it has no content of its own",
                      "use a container that mounts it");
}

Status export_volume(Engine& engine, const std::string& name, int output) {
    Context& context = engine.context();
    TRY(context.enter());
    store::TransferRequest transfer;
    transfer.verb = store::TransferVerb::Export;
    transfer.source_dir = TRY(folder_of(context, name));
    TRY_CONTEXT(store::run_transfer(transfer, output, {}),
                "export volume '" + printable(name) + "'");
    return {};
}

Status import_volume(Engine& engine, const std::string& name, int tar) {
    Context& context = engine.context();
    TRY(context.enter());
    store::TransferRequest transfer;
    transfer.verb = store::TransferVerb::Unpack;
    transfer.rootless = context.rootless;
    transfer.staging_dir = TRY(folder_of(context, name));
    TRY_CONTEXT(store::run_transfer(transfer, tar, {}),
                "import into volume '" + printable(name) + "'");
    // What somebody has put in is not to be mixed with an image's.
    store::VolumeStore volumes(context.store);
    return volumes.skip_copy_up(TRY(find(volumes, name)));
}

}  // namespace dhow::engine
