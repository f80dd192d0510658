// SPDX-License-Identifier: Apache-2.0
// What the kernel has counted for a container: time, memory, processes, block io, huge pages, rdma
// (cgroup-v1/*.rst, cgroup-v2.rst, psi.rst). Reads files of the container's groups only; one that
// is missing, because its controller is or the kernel is older, is left out of the document.
#pragma once

#include "base/json.h"
#include "oci/runtime/cgroup/cgroup.h"

#include <cstdint>
#include <optional>

namespace dhow::oci {

// The `data` of an event of type "stats", member by member as runc's `events --stats` prints it
// (its callers parse it): nanoseconds and bytes; version 2 in the terms of version 1, memory.swap
// being memory plus swap.
json::Object cgroup_stats(const ContainerCgroup& cgroup);

// How often the kernel has killed for want of memory; nullopt where nobody counts. An `events`
// that watches reads it again and again.
std::optional<uint64_t> oom_kill_count(const ContainerCgroup& cgroup);

}  // namespace dhow::oci
