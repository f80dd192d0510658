// SPDX-License-Identifier: Apache-2.0
#include "engine/reconcile.h"

#include "base/file.h"
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/network_setup.h"
#include "engine/orphan.h"
#include "engine/rootfs.h"
#include "rootless/netns.h"
#include "store/gc.h"
#include "store/volume_store.h"

#include <algorithm>
#include <csignal>

namespace dhow::engine {

namespace {

// The launcher is dead. A shim that reported Started goes on; one that had not yet sees its start
// connection close and takes the container down itself: that takes a moment, and we wait for it.
Result<bool> shim_lives(Context& context, const std::string& id) {
    const auto run_dir = open_run_dir(context, id);
    if (!run_dir) return false;
    const auto status = TRY(shim::read_status(run_dir->get()));
    if (!status || !is_alive(status->shim)) return false;
    if (status->phase != shim::Phase::Starting) return true;
    const auto pidfd = open_process(status->shim);
    if (!pidfd) return false;
    constexpr auto kRollBackTime = std::chrono::seconds(5);
    const bool ended = TRY(wait_for_end(pidfd->get(), kRollBackTime));
    if (ended) return false;
    ignore(signal_process(pidfd->get(), SIGKILL), "it may have ended just now");
    return false;
}

Status settle_creating(Context& context, const ContainerRow& row) {
    if (TRY(shim_lives(context, row.id))) return mark_created(context, row.id);
    return discard_container(context, row.config);
}

Status settle(Context& context, const ContainerRow& row) {
    if (is_alive(row.owner)) return {};
    if (row.state == RowState::Creating) return settle_creating(context, row);
    return discard_container(context, row.config);
}

Status remove_anonymous_volumes(Context& context, const ContainerConfig& config) {
    store::VolumeStore volumes(context.store);
    const auto names = TRY(volumes.anonymous_of(config.id));
    TRY(erase_container(context, config.id));
    for (const std::string& name : names) {
        ignore(volumes.remove(name), "somebody else has begun to use it");
    }
    return {};
}

}  // namespace

Status discard_container(Context& context, const ContainerConfig& config) {
    TRY(end_orphan(context, config));
    TRY(tear_down_network(context, config));
    TRY(unmount_rootfs(context, config.id));
    TRY(rootless::unbind_netns(context.container_run_dir(config.id) + "/netns"));
    TRY(remove_tree_at(context.run_root.get(), "c/" + config.id));
    TRY(remove_tree_at(context.store.root_fd(), "containers/" + config.id));
    if (config.options.auto_remove) return remove_anonymous_volumes(context, config);
    return erase_container(context, config.id);
}

Result<bool> needs_reconciling(Context& context) {
    const auto intents = TRY(list_intents(context));
    return std::any_of(
        intents.begin(), intents.end(), [](const auto& row) { return !is_alive(row.owner); });
}

Status sweep_leftovers(Context& context) {
    if (!TRY(store::leftovers_exist(context.store))) return {};
    TRY(context.enter());
    ignore(store::sweep(context.store), "the next command sweeps again");
    return {};
}

Status reconcile(Context& context) {
    const auto intents = TRY(list_intents(context));
    for (const ContainerRow& row : intents) TRY(settle(context, row));
    return sweep_leftovers(context);
}

}  // namespace dhow::engine
