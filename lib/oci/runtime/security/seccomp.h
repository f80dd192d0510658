// SPDX-License-Identifier: Apache-2.0
// linux.seccomp: the program is made in the parent half, beside the child's mounts
// (seccomp_rules.h, seccomp_compiler.h), and loaded by the child half just before exec
// (seccomp(2)). Where rules say SCMP_ACT_NOTIFY, loading gives a listener: seccomp_listener.h.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <string_view>

namespace dhow::oci {

// The BPF program, an array of sock_filter as bytes, after everything about it has been checked.
Result<std::string> seccomp_program(const Seccomp& seccomp);

// Whether calls wait for an agent's answer.
bool notifies(const Seccomp& seccomp);

// Gives the listener where rules notify, no descriptor otherwise.
Result<UniqueFd> load_seccomp(std::string_view program, const Seccomp& seccomp);

// What `features` says; the second list is what this kernel has.
std::vector<std::string> known_seccomp_flags();
std::vector<std::string> supported_seccomp_flags();

}  // namespace dhow::oci
