// SPDX-License-Identifier: Apache-2.0
// The child half of a container's start: pid 1 of the container from the clone to the execve. Never
// returns, never throws, tells its failures over the sync socket and ends with _exit.
#pragma once

#include "oci/runtime/cgroup/cgroup.h"
#include "oci/runtime/init_sync.h"
#include "oci/runtime/launch.h"
#include "oci/runtime/namespaces/namespaces.h"
#include "oci/runtime/wasm/wasm.h"

namespace dhow::oci {

// All that the child needs; made by the parent before the clone.
struct InitPlan {
    const RuntimeSpec& spec;
    const LaunchOptions& options;
    const WasmPlan* wasm = nullptr;  // when the program is a WebAssembly module
    NamespacePlan namespaces;
    ContainerCgroup cgroup;
    ContainerRdt rdt;
    std::string rootfs;              // absolute
    std::string state_document;      // for createContainer and startContainer hooks
    bool in_user_namespace = false;  // now or after the clone
    bool on_host = false;            // in the host's mount namespace
    bool joined = false;             // a stage has entered the existing namespaces already
    UniqueFd root_tree;              // see prepare_root()
    std::vector<UniqueFd> sources;   // see MountContext
    UniqueFd own_nodes;              // see DeviceOptions
    UniqueFd console_socket;
    UniqueFd start_listener;
};

[[noreturn]] void run_init(InitPlan& plan, ChildEnd& sync) noexcept;

// uid and gid 0 of a user namespace just entered: until then we are nobody there.
Status become_namespace_root(bool keep_groups);

}  // namespace dhow::oci
