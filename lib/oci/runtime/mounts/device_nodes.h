// SPDX-License-Identifier: Apache-2.0
// Device nodes for a container with a user namespace of its own, where mknod(2) gives nothing that
// can be opened: the host's node is bound, and one that the host has not got, or that is to have
// another owner or mode (config-linux.md, "Devices"), is made by the parent half in a tmpfs of the
// host's. That tmpfs is attached nowhere but, for a moment, in the container's mount namespace.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/spec/runtime_spec.h"

#include <vector>

#include <sys/types.h>

namespace dhow::oci {

// S_IFCHR, S_IFBLK or S_IFIFO.
Result<mode_t> node_type(const Device& device);
// 0 for a fifo.
Result<dev_t> node_number(const Device& device);

// Parent half: the tmpfs, each node under its index in linux.devices. Invalid where the host's
// nodes serve, or where the caller may make none: what is missing then, binding tells.
Result<UniqueFd> make_own_nodes(const Linux& linux_part);

// Child half: a detached mount of each node by its index, invalid where there is none. `place`: a
// folder to attach the tmpfs to meanwhile, since kernels before 6.15 copy no mount that is
// detached.
Result<std::vector<UniqueFd>> take_own_nodes(const UniqueFd& nodes, size_t devices, int place);

}  // namespace dhow::oci
