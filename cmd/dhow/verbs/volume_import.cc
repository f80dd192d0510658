// SPDX-License-Identifier: Apache-2.0
// dhow volume import: a tar laid over a volume's content.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/input_file.h"
#include "engine/volumes.h"

namespace dhow::cli::verbs {

Result<int> volume_import(Invocation& call) {
    const std::vector<std::string>& operands = call.args().operands();
    const UniqueFd tar = TRY(open_input(call, operands.size() > 1 ? operands[1] : "-"));
    engine::Engine* const engine = TRY(call.engine());
    TRY(engine::import_volume(*engine, operands[0], tar.get()));
    return 0;
}

}  // namespace dhow::cli::verbs
