// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/invocation.h"

#include "cmd/dhow/output.h"
#include "cmd/dhow/terminal.h"

#include <unistd.h>

namespace dhow::cli {

Result<engine::Engine*> Invocation::engine() {
    if (!engine_) {
        engine::EngineOptions options;
        options.root = args_.text("root");
        options.run_root = args_.text("runroot");
        options.runtime = args_.text("runtime");
        if (const auto size = window_size(STDIN_FILENO)) {
            options.terminal_size = engine::TerminalSize{size->rows, size->columns};
        }
        engine_.emplace(TRY(engine::Engine::open(options)));
    }
    return &*engine_;
}

Error Invocation::usage_error(std::string message) const {
    return make_error(
        ErrorKind::InvalidArgument, std::move(message), "See 'dhow " + path_ + " --help'");
}

int for_each_operand(const std::vector<std::string>& operands,
                     const std::function<Status(const std::string&)>& action,
                     CodeStyle style) {
    int code = 0;
    for (const std::string& operand : operands) {
        const Status done = action(operand);
        if (done) continue;
        print_error(done.error());
        code = exit_code(done.error().kind, style);
    }
    return code;
}

}  // namespace dhow::cli
