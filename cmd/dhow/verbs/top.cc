// SPDX-License-Identifier: Apache-2.0
// dhow top
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/table.h"

namespace dhow::cli::verbs {

Result<int> top(Invocation& call) {
    engine::Engine* const engine = TRY(call.engine());
    engine::TopTable found = TRY(engine::top_container(*engine, call.args().operands()[0]));
    std::vector<TableRow> rows{std::move(found.titles)};
    for (TableRow& row : found.rows) rows.push_back(std::move(row));
    TRY(print(format_table(rows)));
    return 0;
}

}  // namespace dhow::cli::verbs
