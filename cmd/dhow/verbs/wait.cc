// SPDX-License-Identifier: Apache-2.0
// dhow wait: blocks until each container has ended and prints how.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"

namespace dhow::cli::verbs {

Result<int> wait(Invocation& call) {
    engine::Engine* const engine = TRY(call.engine());
    const bool ignore_missing = call.args().flag("ignore");
    return for_each_operand(call.args().operands(), [&](const std::string& name) -> Status {
        const Result<shim::ExitRecord> record = engine::wait_container(*engine, name);
        if (!record && ignore_missing && record.error().kind == ErrorKind::NotFound)
            return print_line("-1");
        if (!record) return record.error();
        return print_line(std::to_string(record->status.exit_code()));
    });
}

}  // namespace dhow::cli::verbs
