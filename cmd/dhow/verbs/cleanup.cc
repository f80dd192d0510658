// SPDX-License-Identifier: Apache-2.0
// dhow container cleanup: the shim's exit command. Says nothing: nobody listens.
#include "cmd/dhow/handlers.h"

namespace dhow::cli::verbs {

Result<int> cleanup(Invocation& call) {
    engine::Engine* const engine = TRY(call.engine());
    TRY(engine::cleanup_container(*engine, call.args().operands()[0]));
    return 0;
}

}  // namespace dhow::cli::verbs
