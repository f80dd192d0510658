// SPDX-License-Identifier: Apache-2.0
// linux.memoryPolicy: from which NUMA nodes a container's processes get their memory
// (config-linux.md, "Memory policy"; set_mempolicy(2)). It survives execve(2).
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec_linux.h"

#include <string>
#include <vector>

namespace dhow::oci {

struct ResolvedMemoryPolicy {
    int mode = 0;                      // with its flags
    std::vector<unsigned long> nodes;  // a bit mask; empty: none
};

Result<ResolvedMemoryPolicy> resolve_memory_policy(const MemoryPolicy& policy);
// Child half.
Status set_memory_policy(const MemoryPolicy& policy);

std::vector<std::string> known_memory_policy_modes();
std::vector<std::string> known_memory_policy_flags();

}  // namespace dhow::oci
