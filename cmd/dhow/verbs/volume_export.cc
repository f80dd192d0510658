// SPDX-License-Identifier: Apache-2.0
// dhow volume export: a volume's content as a tar.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output_file.h"
#include "engine/volumes.h"

namespace dhow::cli::verbs {

Result<int> volume_export(Invocation& call) {
    const Args& args = call.args();
    OutputFile output = TRY(OutputFile::as_asked(call, "volume export"));
    const auto run = [&]() -> Status {
        engine::Engine* const engine = TRY(call.engine());
        return engine::export_volume(*engine, args.operands()[0], output.fd());
    };
    TRY(output.settle(run()));
    return 0;
}

}  // namespace dhow::cli::verbs
