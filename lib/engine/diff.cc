// SPDX-License-Identifier: Apache-2.0
#include "engine/diff.h"

#include "engine/container_repo.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "store/image_store.h"
#include "store/mounted_tree.h"

#include <algorithm>
#include <array>

namespace dhow::engine {

namespace {

using store::Change;
using store::MountedTree;

// Made by the engine and the runtime for what they mount.
constexpr std::array<std::string_view, 9> kOwn = {"/dev",
                                                  "/etc/hostname",
                                                  "/etc/hosts",
                                                  "/etc/resolv.conf",
                                                  "/proc",
                                                  "/run",
                                                  "/run/.containerenv",
                                                  "/run/dhow-init",
                                                  "/sys"};

bool is_own(const ContainerConfig& config, const Change& change) {
    if (std::find(kOwn.begin(), kOwn.end(), change.path) != kOwn.end()) return true;
    const auto& mounts = config.options.mounts;
    return std::any_of(mounts.begin(), mounts.end(), [&](const MountSpec& mount) {
        return mount.destination == change.path;
    });
}

// "/etc" is only there for its files that dhow made.
bool has_inner(const std::vector<Change>& changes, const std::string& folder) {
    return std::any_of(changes.begin(), changes.end(), [&](const Change& change) {
        return change.path.starts_with(folder + "/");
    });
}

std::vector<Change> without_own(const ContainerConfig& config, const std::vector<Change>& all) {
    std::vector<Change> kept;
    for (const Change& change : all) {
        if (!is_own(config, change)) kept.push_back(change);
    }
    std::vector<Change> changes;
    for (const Change& change : kept) {
        const bool was_own = has_inner(all, change.path) && !has_inner(kept, change.path);
        if (!was_own) changes.push_back(change);
    }
    return changes;
}

std::vector<std::string> paths_of(Context& context, const std::vector<std::string>& bottom_first) {
    const store::LayerStore layers(context.store);
    std::vector<std::string> paths;
    for (const std::string& diff_id : bottom_first) paths.push_back(layers.path_of(diff_id));
    std::reverse(paths.begin(), paths.end());
    return paths;
}

}  // namespace

Result<std::vector<Change>> diff_container(Engine& engine, const std::string& name) {
    Context& context = engine.context();
    TRY(context.enter());
    const auto row = TRY(find_container(context, name));
    const auto below = TRY(MountedTree::mount(context.store, paths_of(context, row.config.layers)));
    const auto upper = RootDir::open(context.container_state_dir(row.id) + "/upper");
    // Never started: nothing has been written.
    if (!upper && upper.error().kind == ErrorKind::NotFound) return std::vector<Change>();
    if (!upper) return upper.error();
    const auto all = TRY(store::changes_of_layer(*upper, below.root(), context.rootless));
    return without_own(row.config, all);
}

Result<std::vector<Change>> diff_image(Engine& engine,
                                       const std::string& name,
                                       const std::string& older) {
    Context& context = engine.context();
    TRY(context.enter());
    store::ImageStore images(context.store);
    const std::string id = TRY(images.find_id(name));
    auto layers = TRY(images.layer_paths(id));
    if (!older.empty()) {
        const std::string old_id = TRY(images.find_id(older));
        const auto old_layers = TRY(images.layer_paths(old_id));
        const auto before = TRY(MountedTree::mount(context.store, old_layers));
        const auto after = TRY(MountedTree::mount(context.store, layers));
        return store::changes_between(before.root(), after.root());
    }
    if (layers.empty()) return std::vector<Change>();
    const auto top = TRY(RootDir::open(layers.front()));
    layers.erase(layers.begin());
    const auto below = TRY(MountedTree::mount(context.store, layers));
    return store::changes_of_layer(top, below.root(), context.rootless);
}

}  // namespace dhow::engine
