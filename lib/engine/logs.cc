// SPDX-License-Identifier: Apache-2.0
// logs: the container's k8s-file, read and followed without its shim's help.
#include "base/file.h"
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/log_reader.h"

namespace dhow::engine {

Result<void> read_logs(Engine& engine, const LogsRequest& request, const LogSink& sink) {
    Context& context = engine.context();
    const auto row = TRY(find_container(context, request.container));
    if (row.config.options.log_driver == "none") {
        return make_error(ErrorKind::Unsupported,
                          "logs of container '" + row.name + "': its log driver is 'none'",
                          "create it with --log-driver k8s-file");
    }
    LogQuery query{.tail = request.tail,
                   .since = request.since,
                   .until = request.until,
                   .stdout_wanted = request.stdout_wanted,
                   .stderr_wanted = request.stderr_wanted};
    if (request.follow) {
        query.may_grow = [&] {
            if (request.still_wanted && !request.still_wanted()) return false;
            const auto state = read_container_state(context, row.id);
            return state && state->alive();
        };
    }
    return read_log_file(context.container_state_dir(row.id) + "/ctr.log", query, sink);
}

}  // namespace dhow::engine
