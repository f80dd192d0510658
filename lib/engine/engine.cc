// SPDX-License-Identifier: Apache-2.0
// Opening an engine: the user's folders, the run folder, the store; and entering the namespaces.
#include "engine/engine.h"

#include "base/file.h"
#include "engine/context.h"
#include "rootless/enter.h"
#include "rootless/paths.h"

namespace dhow::engine {

Engine::Engine(std::unique_ptr<Context> context) : context_(std::move(context)) {}

Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::open(const EngineOptions& options) {
    const auto paths = TRY(rootless::find_paths(options.root, options.run_root));
    auto run_root = TRY(open_dir_at(AT_FDCWD, paths.run_root));
    auto store = TRY(store::Store::open({.root = paths.root, .rootless = paths.rootless}));
    return Engine(std::make_unique<Context>(Context{.store = std::move(store),
                                                    .run_root_path = paths.run_root,
                                                    .run_root = std::move(run_root),
                                                    .default_runtime = options.runtime,
                                                    .rootless = paths.rootless}));
}

Status Context::enter() {
    if (entered) return {};
    TRY(rootless::enter({.run_root = run_root_path, .rootless = rootless}));
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

}  // namespace dhow::engine
