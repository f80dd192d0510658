// SPDX-License-Identifier: Apache-2.0
// On which processors a process of the container may run (config.md, "execCPUAffinity";
// sched_setaffinity(2)). What the caller of the runtime was pinned to is not for the container to
// inherit: its cpuset alone decides, unless the configuration says otherwise.
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace dhow::oci {

// "0-3,7" as the kernel's bit mask. Pure.
Result<std::vector<unsigned long>> parse_cpu_list(const std::string& list);
// Of the calling process, and of those it clones from now on.
Status set_cpu_affinity(const std::string& list);
// Every processor that the cpuset allows, now and later. After the cgroup was joined.
void reset_cpu_affinity();

}  // namespace dhow::oci
