// SPDX-License-Identifier: Apache-2.0
// Tells systemd which process a service's main one is (sd_notify(3)): the shim, when dhow starts a
// container from a unit. Does nothing outside of units.
#pragma once

#include "base/result.h"

#include <string>

#include <sys/types.h>

namespace dhow::engine {

Status notify_systemd(pid_t main_pid);
// Whether this process is a unit's, and systemd waits to be told so.
bool unit_waits();
// The name of the unit that `dhow generate systemd` wrote and this process runs in; else empty.
std::string own_unit();

}  // namespace dhow::engine
