// SPDX-License-Identifier: Apache-2.0
// dhow system reset: everything goes.
#include "cmd/dhow/confirm.h"
#include "cmd/dhow/handlers.h"
#include "engine/check.h"

namespace dhow::cli::verbs {

Result<int> system_reset(Invocation& call) {
    constexpr std::string_view kWarning =
        "This will remove:\n        - all containers\n        - all images\n        - all volumes";
    if (!call.args().flag("force") && !TRY(confirmed(kWarning))) return 0;
    engine::Engine* const engine = TRY(call.engine());
    TRY(engine::reset_system(*engine));
    return 0;
}

}  // namespace dhow::cli::verbs
