// SPDX-License-Identifier: Apache-2.0
// The parent half of a container's start: makes the cgroup, clones the init process into its new
// namespaces, maps its ids, runs the host's hooks, and brings it to the point where one message
// lets the program run. Runs in dhow-runtime, single-threaded. One of the three places that clone.
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "oci/runtime/init_sync.h"
#include "oci/runtime/state.h"
#include "oci/runtime/wasm/engine_files.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <vector>

namespace dhow::oci {

struct LaunchOptions {
    std::string id;
    std::string bundle;  // absolute
    std::string console_socket;
    HostPrograms host;
    std::vector<int> preserved_fds;  // what the program keeps beside 0 to 2
    bool no_pivot = false;
    bool new_keyring = true;
    bool systemd_cgroup = false;
    bool wait_for_start = false;  // `create`: over start.sock of the state folder
    bool no_program = false;      // config.json has no process: init ends when it is started
    bool detach = false;
};

struct Launched {
    Child init;
    ContainerState state;
    ParentEnd sync;
    UniqueFd terminal;  // the pty's master, when this process is to relay it
};

// What follows from configuration and options alone; the groups, and what the kernel gives, are
// added by who makes them.
ContainerState initial_state(const RuntimeSpec& spec, const LaunchOptions& options);

// On failure nothing is left: init is dead, the cgroup removed.
Result<Launched> launch(const RuntimeSpec& spec,
                        const LaunchOptions& options,
                        const StateFolder& folder);

// After `create`, once its state is stored: from now on init lives without this process.
Status leave_created(Launched& launched);
// Lets the program run (not after wait_for_start) and waits until it does.
Status start_program(Launched& launched);

}  // namespace dhow::oci
