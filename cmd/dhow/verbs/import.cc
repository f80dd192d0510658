// SPDX-License-Identifier: Apache-2.0
// dhow import: an image of one layer, from a tar.
#include "base/file.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/progress.h"

#include <fcntl.h>
#include <unistd.h>

namespace dhow::cli::verbs {

static Result<UniqueFd> open_tar(Invocation& call, const std::string& path) {
    if (path != "-") return open_at(AT_FDCWD, path, O_RDONLY);
    if (::isatty(STDIN_FILENO) == 1) {
        return call.usage_error("cannot read from terminal. Use command-line redirection");
    }
    UniqueFd copy(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!copy) return system_error("read the tar from standard input");
    return copy;
}

Result<int> import_image(Invocation& call) {
    const Args& args = call.args();
    engine::ImportRequest request;
    request.source = args.operands()[0];
    if (args.operands().size() > 1) request.image = args.operands()[1];
    request.platform = args.text("platform");
    request.changes.changes = args.list("change");
    request.changes.message = args.text("message");
    const UniqueFd tar = TRY(open_tar(call, request.source));
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
