// SPDX-License-Identifier: Apache-2.0
// `pause` and `resume`.
#include "cmd/runtime/verb.h"

namespace dhow::runtime_cli {

static Result<int> pause(const Context& context, const Parsed& parsed) {
    const auto container = TRY(open_container(context, parsed.rest[0]));
    if (container.status != oci::ContainerStatus::Running &&
        container.status != oci::ContainerStatus::Created) {
        return make_error(ErrorKind::Conflict, "container not running");
    }
    TRY(oci::set_frozen(container.state.cgroup, true));
    return 0;
}

static Result<int> resume(const Context& context, const Parsed& parsed) {
    const auto container = TRY(open_container(context, parsed.rest[0]));
    if (container.status != oci::ContainerStatus::Paused) {
        return make_error(ErrorKind::Conflict, "container not paused");
    }
    TRY(oci::set_frozen(container.state.cgroup, false));
    return 0;
}

const Verb kPause{.name = "pause",
                  .arguments = "CONTAINER",
                  .help = "freeze all processes of a container",
                  .least_arguments = 1,
                  .most_arguments = 1,
                  .run = pause};
const Verb kResume{.name = "resume",
                   .arguments = "CONTAINER",
                   .help = "let a paused container go on",
                   .least_arguments = 1,
                   .most_arguments = 1,
                   .run = resume};

}  // namespace dhow::runtime_cli
