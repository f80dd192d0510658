// SPDX-License-Identifier: Apache-2.0
// dhow rename
#include "cmd/dhow/handlers.h"

namespace dhow::cli::verbs {

Result<int> rename(Invocation& call) {
    engine::Engine* const engine = TRY(call.engine());
    const std::vector<std::string>& names = call.args().operands();
    TRY(engine::rename_container(*engine, names[0], names[1]));
    return 0;
}

}  // namespace dhow::cli::verbs
