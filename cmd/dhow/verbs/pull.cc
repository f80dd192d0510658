// SPDX-License-Identifier: Apache-2.0
// dhow pull: progress on stderr, the image's id on stdout.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/progress.h"
#include "cmd/dhow/registry_access.h"

namespace dhow::cli::verbs {

Result<int> pull(Invocation& call) {
    const Args& args = call.args();
    engine::PullRequest request;
    request.quiet = args.flag("quiet");
    static_cast<engine::RegistryAccess&>(request) = registry_access(args);
    request.platform = args.text("platform");
    engine::Engine* const engine = TRY(call.engine());
    return for_each_operand(args.operands(), [&](const std::string& image) -> Status {
        request.image = image;
        ProgressView view = ProgressView::for_stderr(request.quiet);
        Result<std::string> id = engine::pull_image(
            *engine, request, [&](const engine::ProgressEvent& event) { view.show(event); });
        view.finish();
        if (!id) return std::move(id).error();
        return print_line(*id);
    });
}

}  // namespace dhow::cli::verbs
