// SPDX-License-Identifier: Apache-2.0
// `exec`: one more process in a running container. The parent half places it in the cgroup; the
// child half enters the namespaces by the init's pidfd, with nothing of the host left open and not
// traceable from inside (CVE-2016-9962), and becomes the program by payload.h.
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "oci/runtime/init_sync.h"
#include "oci/runtime/state.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <vector>

namespace dhow::oci {

struct JoinOptions {
    std::string console_socket;
    std::vector<std::string> cgroups;  // as sub_cgroup() has them; empty: the container's own
    std::vector<int> preserved_fds;    // as in LaunchOptions
    bool detach = false;
};

struct Joined {
    Child process;
    ParentEnd sync;
    UniqueFd terminal;
};

// `spec` is the container's (its namespaces and seccomp count), `process` what to run. The program
// waits for start_joined().
Result<Joined> join(const ContainerState& state,
                    const RuntimeSpec& spec,
                    const Process& process,
                    const JoinOptions& options);
Status start_joined(Joined& joined);

}  // namespace dhow::oci
