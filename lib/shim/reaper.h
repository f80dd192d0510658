// SPDX-License-Identifier: Apache-2.0
// Ends of the shim's children. The shim is a subreaper (PR_SET_CHILD_SUBREAPER): the container's
// init, network helpers and whatever they or the runtime leave behind all fall to it, and are
// reaped here.
#pragma once

#include "base/process.h"

#include <functional>

namespace dhow::shim {

// A child that has ended and is not reaped yet: /proc still knows it.
using OnEnd = std::function<void(pid_t pid, const WaitStatus& status)>;

// Reaps every child that has ended; `on_end` is told after each reaping.
void reap_ended_children(const OnEnd& on_end);

// Kills and reaps every child there is, and those that fall to us meanwhile: nothing may outlive a
// container's end.
void end_all_children();

}  // namespace dhow::shim
