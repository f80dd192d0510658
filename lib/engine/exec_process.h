// SPDX-License-Identifier: Apache-2.0
// The process document (runtime-spec `process` object) of an exec into a running container.
#pragma once

#include "base/result.h"
#include "engine/container_repo.h"
#include "engine/requests.h"

#include <string>

namespace dhow::engine {

// `init_pid`: the container's init as seen here; its root is where user names are looked up.
Result<std::string> build_exec_process(const ContainerConfig& config,
                                       const ExecRequest& request,
                                       pid_t init_pid);

}  // namespace dhow::engine
