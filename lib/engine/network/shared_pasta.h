// SPDX-License-Identifier: Apache-2.0
// The one pasta(1) that connects the held network namespace, and so every rootless bridge, to the
// outside. Started with the first container on the bridge, ended after the last, made anew when it
// was killed.
// `<run root>/bridge/` holds its identity (`pasta`), the lock (`lock`) and one empty file a
// container
// (`users/<id>`). Internal to the network code.
#pragma once

#include "base/result.h"

#include <string>

namespace dhow::engine::network {

// `container_id` counts as a user from now on. The caller is in the held user namespace.
Status join_shared_pasta(const std::string& run_root,
                         const std::string& container_id,
                         int held_netns);

// Ends it when nobody is left.
Status leave_shared_pasta(const std::string& run_root, const std::string& container_id);

}  // namespace dhow::engine::network
