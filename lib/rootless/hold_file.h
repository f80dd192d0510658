// SPDX-License-Identifier: Apache-2.0
// `<run root>/hold`: which process holds the namespaces. One line of text: pid, start time in clock
// ticks, boot id, inode of the user namespace. Internal to rootless.
#pragma once

#include "base/result.h"
#include "rootless/user_ns.h"

#include <string>
#include <string_view>

namespace dhow::rootless {

std::string format_hold(const Hold& hold);
// Without its pidfd. Corrupt when the text is anything else.
Result<Hold> parse_hold(std::string_view text);

Status write_hold_file(int run_root, const Hold& hold);
// What is true of a process that is there now: identity and user namespace, with an open pidfd.
Result<Hold> describe_holder(pid_t pid);

}  // namespace dhow::rootless
