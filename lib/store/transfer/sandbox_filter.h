// SPDX-License-Identifier: Apache-2.0
// The system calls that dhow-transfer may make: a list of what is allowed, everything else is
// ENOSYS, as on a kernel without it. No program is started, no namespace, mount, process or key is
// touched, no unix socket is opened. Source: seccomp(2).
#pragma once

#include "base/result.h"

namespace dhow::store {

// For this thread and all it starts. Asks for no_new_privs to be set.
Status filter_system_calls(bool network);

}  // namespace dhow::store
