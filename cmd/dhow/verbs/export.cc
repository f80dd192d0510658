// SPDX-License-Identifier: Apache-2.0
// dhow export: a container's root file system as a tar.
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/output_file.h"

namespace dhow::cli::verbs {

Result<int> export_container(Invocation& call) {
    const Args& args = call.args();
    OutputFile output = TRY(OutputFile::as_asked(call, "export"));
    const auto run = [&]() -> Status {
        engine::Engine* const engine = TRY(call.engine());
        return engine::export_container(*engine, args.operands()[0], output.fd());
    };
    TRY(output.settle(run()));
    return 0;
}

}  // namespace dhow::cli::verbs
