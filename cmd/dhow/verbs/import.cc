// SPDX-License-Identifier: Apache-2.0
// dhow import: an image of one layer, from a tar.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/input_file.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/progress.h"

namespace dhow::cli::verbs {

Result<int> import_image(Invocation& call) {
    const Args& args = call.args();
    engine::ImportRequest request;
    request.source = args.operands()[0];
    if (args.operands().size() > 1) request.image = args.operands()[1];
    request.platform = args.text("platform");
    request.changes.changes = args.list("change");
    request.changes.message = args.text("message");
    const UniqueFd tar = TRY(open_input(call, request.source));
    engine::Engine* const engine = TRY(call.engine());
    ProgressView view = ProgressView::for_stderr(args.flag("quiet"));
    Result<std::string> id = engine::import_image(
        *engine, request, tar.get(), [&](const engine::ProgressEvent& event) { view.show(event); });
    view.finish();
    if (!id) return std::move(id).error().context("import '" + request.source + "'");
    TRY(print_line("sha256:" + *id));
    return 0;
}

}  // namespace dhow::cli::verbs
