// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/checkpoint/checkpoint.h"

#include "cmd/runtime/criu_options.h"
#include "cmd/runtime/verb.h"

#include <array>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 17> kOptions = {
    {{"image-path", 0, true, "folder to save to, default: ./checkpoint"},
     {"work-path", 0, true, "folder for criu's log"},
     {"parent-path", 0, true, "an earlier --pre-dump, relative to the image path"},
     {"leave-running", 0, false, "do not end the container"},
     {"tcp-established", 0, false, "save open tcp connections"},
     {"tcp-skip-in-flight", 0, false, "leave out tcp connections that are being made"},
     {"link-remap", 0, false, "save unlinked files by linking them back"},
     {"ext-unix-sk", 0, false, "allow unix sockets whose other end is outside"},
     {"shell-job", 0, false, "allow processes with a terminal of the outside"},
     {"lazy-pages", 0, false, "not supported"},
     {"status-fd", 0, true, "accepted: only --lazy-pages would write to it"},
     {"page-server", 0, true, "ADDRESS:PORT that memory is sent to"},
     {"file-locks", 0, false, "save file locks"},
     {"pre-dump", 0, false, "save memory alone and leave the container running"},
     {"manage-cgroups-mode", 0, true, "soft, full, strict or ignore (default)"},
     {"empty-ns", 0, true, "a namespace to save without what is in it: network, which always is"},
     {"auto-dedup", 0, false, "keep each page once in a row of checkpoints"}}};

static Result<int> checkpoint(const Context& context, const Parsed& parsed) {
    auto container = TRY(open_container(context, parsed.rest[0]));
    if (container.status != oci::ContainerStatus::Running &&
        container.status != oci::ContainerStatus::Paused) {
        return make_error(ErrorKind::Conflict,
                          "container cannot be checkpointed in " +
                              std::string(oci::status_name(container.status)) + " state");
    }
    const auto criu = TRY(criu_options(context, parsed.options));
    const auto spec = TRY(load_spec(container.state.bundle));
    TRY_CONTEXT(oci::checkpoint(container.state, spec, criu),
                "checkpoint container '" + container.state.id + "'");
    if (!criu.leave_running && !criu.pre_dump) TRY(destroy_container(container));
    return 0;
}

const Verb kCheckpoint{.name = "checkpoint",
                       .arguments = "CONTAINER",
                       .help = "save a running container to files",
                       .options = kOptions,
                       .least_arguments = 1,
                       .most_arguments = 1,
                       .run = checkpoint};

}  // namespace dhow::runtime_cli
