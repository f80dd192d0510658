// SPDX-License-Identifier: Apache-2.0
// dhow create: a container that waits for `start`; its id on stdout.
#include "cmd/dhow/create_request.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/progress.h"
#include "cmd/dhow/replace.h"

namespace dhow::cli::verbs {

Result<int> create(Invocation& call) {
    const engine::CreateRequest request = TRY(make_create_request(call.args()));
    engine::Engine* const engine = TRY(call.engine());
    if (call.args().flag("replace")) TRY(remove_namesake(*engine, request.name));
    ProgressView view = ProgressView::for_stderr(call.args().flag("quiet"));
    Result<engine::Created> created = engine::create_container(
        *engine, request, [&](const engine::ProgressEvent& event) { view.show(event); });
    view.finish();
    if (!created) return std::move(created).error();
    for (const std::string& warning : created->warnings) print_warning(warning);
    TRY(print_line(created->id));
    return 0;
}

}  // namespace dhow::cli::verbs
