// SPDX-License-Identifier: Apache-2.0
#include "cmd/runtime/verb.h"

namespace dhow::runtime_cli {

static Result<int> state(const Context& context, const Parsed& parsed) {
    const auto container = TRY(open_container(context, parsed.rest[0]));
    TRY(write_stdout(oci::public_state(container.state, container.status, true) + "\n"));
    return 0;
}

const Verb kState{.name = "state",
                  .arguments = "CONTAINER",
                  .help = "print the state of a container",
                  .least_arguments = 1,
                  .most_arguments = 1,
                  .run = state};

}  // namespace dhow::runtime_cli
