// SPDX-License-Identifier: Apache-2.0
// dhow container prune, image prune, volume prune: each asks first, unless --force.
#include "cmd/dhow/confirm.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/prune_filter.h"

#include <functional>

namespace dhow::cli::verbs {

namespace {

using Prune = std::function<Result<engine::Pruned>(engine::Engine&)>;

Result<int> ask_and_prune(Invocation& call, std::string_view warning, const Prune& prune) {
    if (!call.args().flag("force") && !TRY(confirmed(warning))) return 0;
    engine::Engine* const engine = TRY(call.engine());
    const engine::Pruned pruned = TRY(prune(*engine));
    TRY(print(removed_lines(pruned)));
    return 0;
}

Result<engine::PruneFilter> filter_of(const Invocation& call) {
    return parse_prune_filter(call.args().list("filter"), now_unix_nanos());
}

}  // namespace

Result<int> container_prune(Invocation& call) {
    const engine::PruneFilter filter = TRY(filter_of(call));
    return ask_and_prune(
        call, "This will remove all non running containers.", [&](engine::Engine& engine) {
            return engine::prune_containers(engine, filter);
        });
}

Result<int> image_prune(Invocation& call) {
    engine::ImagePruneRequest request;
    request.all = call.args().flag("all");
    request.filter = TRY(filter_of(call));
    const char* warning =
        request.all ? "This command removes all images without at least one container associated "
                      "with them."
                    : "This command removes all dangling images.";
    return ask_and_prune(call, warning, [&](engine::Engine& engine) {
        return engine::prune_images(engine, request);
    });
}

Result<int> volume_prune(Invocation& call) {
    engine::VolumePruneRequest request;
    request.all = call.args().flag("all");
    request.dry_run = call.args().flag("dry-run");
    request.filter = TRY(filter_of(call));
    const auto prune = [&](engine::Engine& engine) {
        return engine::prune_volumes(engine, request);
    };
    if (request.dry_run) {
        engine::Engine* const engine = TRY(call.engine());
        const engine::Pruned would = TRY(prune(*engine));
        TRY(print(removed_lines(would)));
        return 0;
    }
    const char* warning =
        request.all ? "This will remove all volumes not used by at least one container."
                    : "This will remove all anonymous volumes not used by at least one container.";
    return ask_and_prune(call, warning, prune);
}

}  // namespace dhow::cli::verbs
