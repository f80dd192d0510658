// SPDX-License-Identifier: Apache-2.0
// What a container does right now, put together from its shim's status file and its exit record.
// Order of trust: a living shim, then the exit record, then nothing known. No lock, no database, no
// namespace.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/views.h"
#include "shim/client.h"

#include <optional>
#include <string>

namespace dhow::engine {

struct Context;

struct ContainerState {
    ContainerStatus status = ContainerStatus::Created;
    std::optional<shim::ShimStatus> shim;  // only while a shim lives
    std::optional<shim::ExitRecord> exit;  // of the last run

    [[nodiscard]] bool alive() const { return shim.has_value(); }

    [[nodiscard]] pid_t pid() const { return shim ? shim->container.pid : 0; }

    // The last exit code; 255 when it cannot be known, 0 when it has never run.
    [[nodiscard]] int exit_code() const;
};

Result<ContainerState> read_container_state(const Context& context, const std::string& id);

// `<run root>/c/<id>`; NotFound when the container has not been started since boot.
Result<UniqueFd> open_run_dir(const Context& context, const std::string& id);
// `<root>/containers/<id>`
Result<UniqueFd> open_state_dir(const Context& context, const std::string& id);

// Exists in the state folder from the first start on: tells "never ran" from "ended unseen".
inline constexpr const char* kStartedFile = "started";

}  // namespace dhow::engine
