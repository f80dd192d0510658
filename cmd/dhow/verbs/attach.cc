// SPDX-License-Identifier: Apache-2.0
// dhow attach: joins a running container's streams.
#include "base/text.h"
#include "cmd/dhow/foreground.h"
#include "cmd/dhow/handlers.h"

namespace dhow::cli::verbs {

Result<int> attach(Invocation& call) {
    Foreground foreground = TRY(foreground_options(call.args()));
    foreground.with_input = !call.args().flag("no-stdin");
    engine::Engine* const engine = TRY(call.engine());
    return serve_running(*engine, call.args().operands()[0], std::move(foreground));
}

}  // namespace dhow::cli::verbs
