// SPDX-License-Identifier: Apache-2.0
#include "engine/details.h"

#include "engine/context.h"

namespace dhow::engine {

ContainerSummary summarize(const ContainerRow& row, const ContainerState& state) {
    const CreateRequest& options = row.config.options;
    ContainerSummary summary;
    summary.id = row.id;
    summary.name = row.name;
    summary.image = row.config.image;
    summary.image_id = row.config.image_id;
    summary.command = row.config.argv();
    summary.created_at = row.config.created_at;
    summary.status = row.state == RowState::Removing ? ContainerStatus::Removing : state.status;
    if (state.exit) {
        summary.started_at = state.exit->started_at;
        summary.finished_at = state.exit->finished_at;
    }
    if (state.shim) {
        summary.started_at = state.shim->started_at;
        summary.finished_at = 0;
    }
    summary.exit_code = state.alive() ? 0 : state.exit_code();
    summary.ports = options.ports;
    summary.labels = options.labels;
    summary.mounts = options.mounts;
    summary.network_mode = network_name(options.network);
    return summary;
}

ContainerDetails describe(const Context& context,
                          const ContainerRow& row,
                          const ContainerState& state) {
    ContainerDetails details;
    details.summary = summarize(row, state);
    details.config = row.config.options;
    details.config.name = row.name;
    details.entrypoint = row.config.entrypoint;
    details.pid = state.pid();
    if (state.exit) {
        details.oom_killed = state.exit->oom_killed;
        details.error = state.exit->error;
        details.restart_count = state.exit->restart_count;
    }
    if (state.shim) details.restart_count = state.shim->restart_count;
    const std::string state_dir = context.container_state_dir(row.id);
    if (details.config.log_driver != "none") details.log_path = state_dir + "/ctr.log";
    details.runtime = details.config.runtime.empty() ? "dhow-runtime" : details.config.runtime;
    details.rootfs_upper = state_dir + "/upper";
    details.hostname = details.config.hostname;
    return details;
}

}  // namespace dhow::engine
