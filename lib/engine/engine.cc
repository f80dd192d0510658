// SPDX-License-Identifier: Apache-2.0
// Opening an engine: the user's folders, the run folder, the store; and entering the namespaces.
#include "engine/engine.h"

#include "base/file.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "rootless/enter.h"
#include "rootless/paths.h"

namespace dhow::engine {

Engine::Engine(std::unique_ptr<Context> context) : context_(std::move(context)) {}

Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::open(const EngineOptions& options) {
    rootless::Folders folders{.root = options.root, .run_root = options.run_root};
    if (folders.root.empty() || folders.run_root.empty()) {
        auto defaults = TRY(rootless::default_folders());
        if (folders.root.empty()) folders.root = std::move(defaults.root);
        if (folders.run_root.empty()) folders.run_root = std::move(defaults.run_root);
    }
    for (const std::string* path : {&folders.root, &folders.run_root}) {
        if (path->front() == '/') continue;
        return make_error(ErrorKind::InvalidArgument,
                          "state folder '" + *path + "' is not an absolute path");
    }
    const bool rootless = rootless::is_rootless();
    auto run_root = TRY(rootless::open_private_folder(folders.run_root));
    auto store = TRY(store::Store::open({.root = folders.root, .rootless = rootless}));
    return Engine(std::make_unique<Context>(
        Context{.store = std::move(store),
                .run_root_path = folders.run_root,
                .run_root = std::move(run_root),
                .default_runtime = options.runtime,
                .terminal = options.terminal_size.value_or(TerminalSize{}),
                .rootless = rootless}));
}

// Shims of running containers live in the user namespace that a lost holder held, and lend it to
// the next.
static std::vector<ProcessIdentity> living_shims(const Context& context) {
    std::vector<ProcessIdentity> shims;
    const auto ids = list_dir_at(context.run_root.get(), "c");
    if (!ids) return shims;
    for (const std::string& id : *ids) {
        const auto run_dir = open_run_dir(context, id);
        if (!run_dir) continue;
        const auto status = shim::read_status(run_dir->get());
        if (status && *status) shims.push_back((*status)->shim);
    }
    return shims;
}

Status Context::enter() {
    if (entered) return {};
    TRY(rootless::enter(
        {.run_root = run_root_path, .survivors = [this] { return living_shims(*this); }}));
    entered = true;
    return {};
}

std::string Context::container_run_dir(std::string_view id) const {
    return run_root_path + "/c/" + std::string(id);
}

std::string Context::container_state_dir(std::string_view id) const {
    return store.path_of("containers/" + std::string(id));
}

std::string Context::runtime_root() const {
    return run_root_path + "/runtime";
}

const std::string& Engine::run_root() const {
    return context_->run_root_path;
}

}  // namespace dhow::engine
