// SPDX-License-Identifier: Apache-2.0
// dhow commit: the new image's id on stdout.
#include "base/file.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/progress.h"

#include <fcntl.h>

namespace dhow::cli::verbs {

Result<int> commit(Invocation& call) {
    const Args& args = call.args();
    engine::CommitRequest request;
    request.container = args.operands()[0];
    if (args.operands().size() > 1) request.image = args.operands()[1];
    request.changes = {.changes = args.list("change"),
                       .author = args.text("author"),
                       .message = args.text("message"),
                       .format = args.text("format")};
    engine::Engine* const engine = TRY(call.engine());
    ProgressView view = ProgressView::for_stderr(args.flag("quiet"));
    Result<std::string> id = engine::commit_container(
        *engine, request, [&](const engine::ProgressEvent& event) { view.show(event); });
    view.finish();
    if (!id) return std::move(id).error();
    const std::string& file = args.text("iidfile");
    if (!file.empty()) {
        TRY_CONTEXT(replace_file_at(AT_FDCWD, file, "sha256:" + *id, 0644, Durability::None),
                    "write the image's id");
    }
    TRY(print_line(*id));
    return 0;
}

}  // namespace dhow::cli::verbs
