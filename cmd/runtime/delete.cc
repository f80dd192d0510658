// SPDX-License-Identifier: Apache-2.0
#include "cmd/runtime/verb.h"

#include <array>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 1> kOptions = {
    {{"force", 'f', false, "kill it if it still runs; a missing one is no error"}}};

// A run of the runtime that was killed half-way leaves a folder without a state.
static Result<int> delete_remains(const Context& context, const std::string& id) {
    auto folder = oci::StateFolder::open(context.root, id);
    if (!folder) return 0;
    if (const std::string path = folder->noted_cgroup(); !path.empty()) {
        const auto layout = TRY(detect_cgroups());
        TRY(oci::remove_idle_cgroup(layout, path));
    }
    TRY(folder->remove());
    return 0;
}

static Result<int> delete_container(const Context& context, const Parsed& parsed) {
    const std::string& id = parsed.rest[0];
    TRY(oci::check_id(id));
    const bool force = parsed.options.flag("force");
    auto container = open_container(context, id);
    if (!container && force && container.error().kind == ErrorKind::NotFound) {
        return delete_remains(context, id);
    }
    if (!container) return std::move(container).error();
    const bool ended = container->status == oci::ContainerStatus::Stopped ||
                       container->status == oci::ContainerStatus::Created;
    if (!ended && !force) {
        return make_error(ErrorKind::Conflict,
                          "cannot delete container " + id + " that is not stopped: " +
                              std::string(oci::status_name(container->status)),
                          "stop it, or use --force");
    }
    TRY(destroy_container(*container));
    return 0;
}

const Verb kDelete{.name = "delete",
                   .arguments = "CONTAINER",
                   .help = "remove what is held for a container",
                   .options = kOptions,
                   .least_arguments = 1,
                   .most_arguments = 1,
                   .run = delete_container};

}  // namespace dhow::runtime_cli
