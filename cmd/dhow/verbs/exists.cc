// SPDX-License-Identifier: Apache-2.0
// dhow container exists, dhow image exists, dhow volume exists: the answer is the exit code, 0
// or 1.
#include "cmd/dhow/handlers.h"
#include "engine/volumes.h"

namespace dhow::cli::verbs {

namespace {

template <class T>
Result<int> answer(const Result<T>& found) {
    if (found) return 0;
    if (found.error().kind == ErrorKind::NotFound) return 1;
    return found.error();
}

}  // namespace

Result<int> container_exists(Invocation& call) {
    engine::Engine* const engine = TRY(call.engine());
    return answer(engine::inspect_container(*engine, call.args().operands()[0]));
}

Result<int> image_exists(Invocation& call) {
    engine::Engine* const engine = TRY(call.engine());
    return answer(engine::inspect_image(*engine, call.args().operands()[0]));
}

Result<int> volume_exists(Invocation& call) {
    engine::Engine* const engine = TRY(call.engine());
    return answer(engine::inspect_volume(*engine, call.args().operands()[0]));
}

}  // namespace dhow::cli::verbs
