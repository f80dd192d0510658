// SPDX-License-Identifier: Apache-2.0
// attach, resize: a connection to the shim of a running container.
#include "base/file.h"
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/engine.h"

namespace dhow::engine {

static Result<UniqueFd> run_dir_of_running(Context& context,
                                           const std::string& name,
                                           std::string_view verb) {
    const auto row = TRY(find_container(context, name));
    const auto state = TRY(read_container_state(context, row.id));
    if (!state.alive()) {
        return make_error(ErrorKind::Conflict,
                          std::string(verb) + " container '" + row.name + "': it is not running",
                          "start it with: dhow start --attach " + row.name);
    }
    return open_run_dir(context, row.id);
}

Result<shim::Connection> attach_container(Engine& engine,
                                          const std::string& name,
                                          bool with_stdin) {
    const auto run_dir = TRY(run_dir_of_running(engine.context(), name, "attach to"));
    const unsigned flags = shim::kAttachStdout | shim::kAttachStderr |
                           (with_stdin ? unsigned{shim::kAttachStdin} : 0U);
    return shim::attach(run_dir.get(), static_cast<uint8_t>(flags));
}

Result<void> resize_container(Engine& engine,
                              const std::string& name,
                              unsigned rows,
                              unsigned columns) {
    const auto run_dir = TRY(run_dir_of_running(engine.context(), name, "resize"));
    auto connection = TRY(shim::attach(run_dir.get(), 0));
    return connection.send_resize(rows, columns);
}

}  // namespace dhow::engine
