// SPDX-License-Identifier: Apache-2.0
// dhow load
#include "cmd/dhow/exit_code.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/input_file.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/progress.h"

namespace dhow::cli::verbs {

Result<int> load(Invocation& call) {
    const std::string& path = call.args().text("input");
    const UniqueFd input = TRY(open_input(call, path.empty() ? "-" : path));
    engine::Engine* const engine = TRY(call.engine());
    ProgressView view = ProgressView::for_stderr(call.args().flag("quiet"));
    Result<std::vector<std::string>> names = engine::load_images(
        *engine, input.get(), [&](const engine::ProgressEvent& event) { view.show(event); });
    view.finish();
    if (!names)
        return std::move(names).error().context("load '" + (path.empty() ? "stdin" : path) + "'");
    std::string out;
    for (const std::string& name : *names) out += "Loaded image: " + on_one_line(name) + "\n";
    TRY(print(out));
    return 0;
}

}  // namespace dhow::cli::verbs
