// SPDX-License-Identifier: Apache-2.0
// The last steps before a process of the container is the user's program, common to init and join:
// session, terminal, limits, ids, capabilities, seccomp, working directory, executable. Child
// halves; the process is inside all namespaces and the container's root is `/`.
#pragma once

#include "base/result.h"
#include "oci/runtime/init_sync.h"
#include "oci/runtime/process/console.h"
#include "oci/runtime/security/labels.h"
#include "oci/runtime/wasm/wasm.h"
#include "oci/spec/runtime_spec.h"

#include <optional>
#include <string>
#include <vector>

namespace dhow::oci {

struct PayloadPlan {
    const Process& process;
    const Seccomp* seccomp = nullptr;
    const Personality* personality = nullptr;
    const MemoryPolicy* memory_policy = nullptr;
    const WasmPlan* wasm = nullptr;
    bool no_program = false;  // there is none to find
    std::string container_id;
    bool new_keyring = true;
    bool keep_groups = false;        // see keeps_groups()
    std::vector<int> preserved_fds;  // what the program keeps beside 0 to 2
    ExecLabels labels;
    std::optional<Pty> terminal;
};

struct Payload {
    std::string executable;
    std::vector<std::string> args;  // empty: the process's own
    std::vector<std::string> env;
    std::string late_filter;  // seccomp loaded at the very end, under no_new_privs
};

// The annotation `run.oci.keep_original_groups` (crun's; Podman's --group-add keep-groups): the
// program keeps the additional groups of who runs it, which no list of ids in config.json can say
// for a user namespace that does not map them.
bool keeps_groups(const RuntimeSpec& spec);

// Everything that can fail before the program is started.
Result<Payload> prepare_payload(PayloadPlan& plan, ChildEnd& sync);
// Loads the late filter now, for what must run under it as the program does.
Status load_late_filter(const PayloadPlan& plan, Payload& payload);
// Closes what the program must not have, except `keep` (the set-up's own sockets, CLOEXEC). Those
// of `preserved` survive the exec.
void close_foreign(const std::vector<int>& preserved, std::vector<int> keep);
// execve(2). Comes back only with the reason why not.
Error execute(const PayloadPlan& plan, Payload& payload);

}  // namespace dhow::oci
