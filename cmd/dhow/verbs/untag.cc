// SPDX-License-Identifier: Apache-2.0
// dhow untag: names taken from an image, which stays.
#include "cmd/dhow/handlers.h"

namespace dhow::cli::verbs {

Result<int> untag(Invocation& call) {
    std::vector<std::string> names = call.args().operands();
    const std::string image = names.front();
    names.erase(names.begin());
    engine::Engine* const engine = TRY(call.engine());
    TRY(engine::untag_image(*engine, image, names));
    return 0;
}

}  // namespace dhow::cli::verbs
