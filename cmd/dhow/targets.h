// SPDX-License-Identifier: Apache-2.0
// Which containers a command is about: its operands, --cidfile, --all.
#pragma once

#include "base/result.h"
#include "cmd/dhow/invocation.h"

#include <functional>
#include <string>
#include <vector>

namespace dhow::cli {

struct Target {
    std::string id;       // what the engine is asked for
    std::string spelled;  // what is echoed: as the user wrote it
};

using Wanted = std::function<bool(const engine::ContainerSummary&)>;

// With --all: every container `wanted` says yes to. It is an error to name nothing at all.
Result<std::vector<Target>> find_targets(Invocation& call, const Wanted& wanted);

// With --all the names of all volumes, else the operands. It is an error to name nothing at all.
Result<std::vector<std::string>> find_volume_names(Invocation& call);

bool is_running(const engine::ContainerSummary& container);

// Does the action to each target and echoes the target; an error is printed and the next target
// gets its chance. With --ignore a missing one is passed over. The exit code.
int for_each_target(const std::vector<Target>& targets,
                    bool ignore_missing,
                    const std::function<Status(const Target&)>& action,
                    CodeStyle style = CodeStyle::Ordinary);

}  // namespace dhow::cli
