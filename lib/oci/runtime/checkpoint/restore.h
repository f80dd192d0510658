// SPDX-License-Identifier: Apache-2.0
// `restore`: a container made again from a checkpoint. Its bundle says what it is: cgroup and
// limits, namespaces, what is behind each external mount; the checkpoint brings memory, open files
// and the container's own mounts. criu runs in the new cgroup and in mount and cgroup namespaces of
// its own, so that all it makes is born in the right place and a killed restore leaves no mount.
#pragma once

#include "base/result.h"
#include "oci/runtime/checkpoint/criu.h"
#include "oci/runtime/launch.h"
#include "oci/runtime/state.h"
#include "oci/spec/runtime_spec.h"

namespace dhow::oci {

struct Restored {
    Child init;
    ContainerState state;
    UniqueFd terminal;  // the pty's master, when this process is to relay it
};

// On failure nothing is left but the folder. The state is saved before the first restored process
// runs.
Result<Restored> restore(const RuntimeSpec& spec,
                         const LaunchOptions& launch,
                         const CriuOptions& options,
                         const StateFolder& folder);

}  // namespace dhow::oci
