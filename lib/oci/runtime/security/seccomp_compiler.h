// SPDX-License-Identifier: Apache-2.0
// The rules of seccomp_rules.h as classic BPF for seccomp(2): a binary search over the numbers of
// an architecture's calls, then the conditions in the order of the rules, 64 bits each. Pure.
//
// Two verdicts are not the profile's:
// - An architecture that is not listed kills the thread, as libseccomp has it.
// - Where the default action refuses, a call above the highest number that the profile knows
//   answers ENOSYS, as runc has it: it is newer than the profile, and programs fall back.
//
// What is allowed whatever its arguments are is found by number alone, so that the kernel keeps the
// verdict in a bitmap and does not run the program (Linux 5.11).
#pragma once

#include "base/result.h"
#include "oci/runtime/security/seccomp_rules.h"

#include <vector>

#include <linux/filter.h>

namespace dhow::oci {

// An error when the kernel would not take that many instructions (BPF_MAXINSNS).
Result<std::vector<sock_filter>> compile_seccomp(const SeccompRules& rules);

}  // namespace dhow::oci
