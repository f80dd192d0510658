// SPDX-License-Identifier: Apache-2.0
// Writes the id maps of a new user namespace: directly where the caller has CAP_SETUID over it,
// else by newuidmap and newgidmap, else the one line that an ordinary user may write. Parent half.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec.h"

#include <vector>

#include <sys/types.h>

namespace dhow::oci {

Status write_user_map(pid_t pid,
                      const std::vector<IdMapping>& uids,
                      const std::vector<IdMapping>& gids);

}  // namespace dhow::oci
