// SPDX-License-Identifier: Apache-2.0
// dhow pull: progress on stderr, the image's id on stdout.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/progress.h"

namespace dhow::cli::verbs {

Result<int> pull(Invocation& call) {
    const Args& args = call.args();
    engine::PullRequest request;
    request.quiet = args.flag("quiet");
    if (args.given("tls-verify")) request.tls_verify = args.flag("tls-verify");
    request.ca_dir = args.text("cert-dir");
    request.auth_file = args.text("authfile");
    request.credentials = args.text("creds");
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
