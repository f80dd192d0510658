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
    return make_error(ErrorKind::Internal, "log reader missing");
}

}  // namespace dhow::engine
