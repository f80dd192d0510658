// SPDX-License-Identifier: Apache-2.0
// The environment of a process of the container: what the configuration lists, each name once, and
// a HOME. Child halves, inside the container's root.
#pragma once

#include "oci/spec/runtime_spec.h"

#include <string>
#include <vector>

namespace dhow::oci {

// The last entry of a name counts and stays in its place: libc's getenv would find the first, a
// shell keeps the last. Pure.
std::vector<std::string> without_duplicates(const std::vector<std::string>& env);
// process.env; an empty HOME is none, then it comes from the root's /etc/passwd.
std::vector<std::string> environment_of(const Process& process);
// $HOME for a uid, from the root's /etc/passwd: a bounded read of a regular file; "/" if not there.
std::string home_of(uint32_t uid);

}  // namespace dhow::oci
