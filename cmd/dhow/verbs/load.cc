// SPDX-License-Identifier: Apache-2.0
// dhow load
#include "base/file.h"
#include "cmd/dhow/exit_code.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/progress.h"

#include <fcntl.h>
#include <unistd.h>

namespace dhow::cli::verbs {

namespace {

// The archive: --input, or what is piped in. A terminal is no archive.
Result<UniqueFd> open_input(Invocation& call) {
    const std::string& path = call.args().text("input");
    if (!path.empty() && path != "-") return open_at(AT_FDCWD, path, O_RDONLY);
    if (::isatty(STDIN_FILENO) == 1) {
        return call.usage_error(
            "cannot read from terminal, use command-line redirection or the --input flag");
    }
    UniqueFd copy(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!copy) return system_error("read the archive from standard input");
    return copy;
}

}  // namespace

Result<int> load(Invocation& call) {
    const UniqueFd input = TRY(open_input(call));
    engine::Engine* const engine = TRY(call.engine());
    ProgressView view = ProgressView::for_stderr(call.args().flag("quiet"));
    Result<std::vector<std::string>> names = engine::load_images(
        *engine, input.get(), [&](const engine::ProgressEvent& event) { view.show(event); });
    view.finish();
    const std::string& path = call.args().text("input");
    if (!names)
        return std::move(names).error().context("load '" + (path.empty() ? "stdin" : path) + "'");
    std::string out;
    for (const std::string& name : *names) out += "Loaded image: " + on_one_line(name) + "\n";
    TRY(print(out));
    return 0;
}

}  // namespace dhow::cli::verbs
