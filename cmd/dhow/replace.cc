// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/replace.h"

namespace dhow::cli {

Status remove_namesake(engine::Engine& engine, const std::string& name) {
    if (name.empty()) {
        return make_error(ErrorKind::InvalidArgument,
                          "replace a container without a name",
                          "give --name with --replace");
    }
    const Result<engine::ContainerDetails> known = engine::inspect_container(engine, name);
    // An id that begins with the name is somebody else's.
    if (!known && known.error().kind == ErrorKind::NotFound) return {};
    if (!known) return known.error();
    if (known->summary.name != name) return {};
    engine::RemoveRequest request;
    request.container = known->summary.id;
    request.force = true;
    return engine::remove_container(engine, request);
}

}  // namespace dhow::cli
