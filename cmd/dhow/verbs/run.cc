// SPDX-License-Identifier: Apache-2.0
// dhow run: create, start, and stay with it or leave its id.
#include "cmd/dhow/create_request.h"
#include "cmd/dhow/foreground.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/progress.h"
#include "cmd/dhow/replace.h"

#include <unistd.h>

namespace dhow::cli::verbs {

namespace {

void warn_without_terminal(const engine::CreateRequest& request) {
    if (request.terminal && request.interactive && ::isatty(STDIN_FILENO) == 0) {
        print_warning(
            "The input device is not a TTY. The --tty and --interactive flags might not work "
            "properly");
    }
}

}  // namespace

Result<int> run(Invocation& call) {
    const engine::CreateRequest request = TRY(make_create_request(call.args()));
    Foreground foreground = TRY(foreground_options(call.args()));
    const bool detached = call.args().flag("detach");
    foreground.with_input = request.interactive;
    foreground.terminal = request.terminal;
    engine::Engine* const engine = TRY(call.engine());
    if (call.args().flag("replace")) TRY(remove_namesake(*engine, request.name));
    if (!detached) warn_without_terminal(request);

    ProgressView view = ProgressView::for_stderr(call.args().flag("quiet"));
    const auto mode = detached ? engine::StartMode::Detached : engine::StartMode::Foreground;
    Result<engine::Run> ran = engine::run_container(
        *engine, request, mode, [&](const engine::ProgressEvent& event) { view.show(event); });
    view.finish();
    if (!ran) return std::move(ran).error();
    for (const std::string& warning : ran->created.warnings) print_warning(warning);
    if (detached) {
        TRY(print_line(ran->created.id));
        return 0;
    }
    return serve_started(*engine, std::move(ran->started), foreground);
}

}  // namespace dhow::cli::verbs
