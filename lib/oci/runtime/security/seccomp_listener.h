// SPDX-License-Identifier: Apache-2.0
// Calls that wait for an agent's answer (SCMP_ACT_NOTIFY, seccomp_unotify(2)): the listener that
// loading the filter gives goes from the child half to the parent half, and from there to the agent
// at linux.seccomp.listenerPath.
//
// From the moment the filter is in force the child may wait for the agent in any call that
// notifies, so the agent must get the listener without the help of such a call. The child sends it
// with one sendmsg(2). Where that call notifies too, a helper that shares its descriptors, cloned
// before and not filtered, sends it: it needs one write(2), which may therefore never notify.
#pragma once

#include "base/result.h"
#include "oci/runtime/init_sync.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <string_view>

#include <sys/types.h>

namespace dhow::oci {

// Child half.
Status load_with_listener(std::string_view program, const Seccomp& seccomp, ChildEnd& sync);

struct AgentReport {
    std::string state;  // the container's, as runtime.md has it
    pid_t pid = 0;      // the process that is filtered
};

// Parent half: one connection, one report (config-linux.md, "The Container Process State").
Status give_to_agent(const Seccomp& seccomp, const AgentReport& report, int listener);

}  // namespace dhow::oci
