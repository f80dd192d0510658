// SPDX-License-Identifier: Apache-2.0
// dhow tag
#include "cmd/dhow/handlers.h"

namespace dhow::cli::verbs {

Result<int> tag(Invocation& call) {
    engine::Engine* const engine = TRY(call.engine());
    const std::vector<std::string>& names = call.args().operands();
    for (size_t i = 1; i < names.size(); ++i) TRY(engine::tag_image(*engine, names[0], names[i]));
    return 0;
}

}  // namespace dhow::cli::verbs
