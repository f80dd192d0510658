// SPDX-License-Identifier: Apache-2.0
#include "engine/container_state.h"

#include "base/file.h"
#include "engine/context.h"

namespace dhow::engine {

std::string_view status_name(ContainerStatus status) {
    switch (status) {
        case ContainerStatus::Created:
            return "created";
        case ContainerStatus::Running:
            return "running";
        case ContainerStatus::Paused:
            return "paused";
        case ContainerStatus::Restarting:
            return "restarting";
        case ContainerStatus::Stopping:
            return "stopping";
        case ContainerStatus::Exited:
            return "exited";
        case ContainerStatus::Removing:
            return "removing";
        case ContainerStatus::Unknown:
            return "unknown";
    }
    return "unknown";
}

int ContainerState::exit_code() const {
    if (exit) return exit->status.exit_code();
    return status == ContainerStatus::Unknown ? WaitStatus{}.exit_code() : 0;
}

Result<UniqueFd> open_run_dir(const Context& context, const std::string& id) {
    return open_dir_at(context.run_root.get(), "c/" + id);
}

Result<UniqueFd> open_state_dir(const Context& context, const std::string& id) {
    return open_dir_at(context.store.root_fd(), "containers/" + id);
}

static ContainerStatus status_of(shim::Phase phase) {
    switch (phase) {
        case shim::Phase::Starting:
            return ContainerStatus::Created;
        case shim::Phase::Running:
            return ContainerStatus::Running;
        case shim::Phase::Restarting:
            return ContainerStatus::Restarting;
        case shim::Phase::Exited:
            return ContainerStatus::Exited;
    }
    return ContainerStatus::Unknown;
}

// The status of a shim that is at work.
static Result<std::optional<shim::ShimStatus>> living_shim(const Context& context,
                                                           const std::string& id) {
    const auto run_dir = open_run_dir(context, id);
    if (!run_dir) {
        if (run_dir.error().kind == ErrorKind::NotFound) return std::optional<shim::ShimStatus>();
        return run_dir.error();
    }
    auto status = TRY(shim::read_status(run_dir->get()));
    // One that says Exited has only farewells to say: nothing it holds is the container's any more.
    if (!status || status->phase == shim::Phase::Exited || !is_alive(status->shim)) {
        return std::optional<shim::ShimStatus>();
    }
    return status;
}

Result<ContainerState> read_container_state(const Context& context, const std::string& id) {
    ContainerState state;
    state.shim = TRY(living_shim(context, id));
    const auto state_dir = open_state_dir(context, id);
    if (state_dir) state.exit = TRY(shim::read_exit(state_dir->get()));
    if (state.shim) {
        state.status = status_of(state.shim->phase);
    } else if (state.exit) {
        state.status = ContainerStatus::Exited;
    } else if (state_dir && exists_at(state_dir->get(), kStartedFile)) {
        state.status = ContainerStatus::Unknown;
    }
    return state;
}

}  // namespace dhow::engine
