// SPDX-License-Identifier: Apache-2.0
// Writes the id maps of a new user namespace: directly where the caller has CAP_SETUID over it,
// else by newuidmap and newgidmap, else the one line that an ordinary user may write. Parent half.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec.h"

#include <vector>

#include <sys/types.h>

namespace dhow::oci {

// A new user namespace of which config.json gives no maps at all has the usual ones of an ordinary
// user, as in crun: 0 is the caller, from 1 up come the caller's subordinate ids, if there are any.
void default_user_map(Linux& linux_part);

Status write_user_map(pid_t pid,
                      const std::vector<IdMapping>& uids,
                      const std::vector<IdMapping>& gids);

}  // namespace dhow::oci
