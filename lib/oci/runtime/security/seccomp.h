// SPDX-License-Identifier: Apache-2.0
// linux.seccomp: compiled to BPF by libseccomp in the parent half, beside the child's mounts, or
// taken from the cache; loaded by the child half just before exec (seccomp(2)). The only file that
// includes <seccomp.h>.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <string_view>

namespace dhow::oci {

// The BPF program, an array of sock_filter as bytes. `cache_folder`: absolute, or empty for none; a
// folder that is missing, or that others may write to, is not used.
Result<std::string> seccomp_program(const Seccomp& seccomp, const std::string& cache_folder);

Status load_seccomp(std::string_view program, const Seccomp& seccomp);

// What `features` says.
std::vector<std::string> known_seccomp_actions();

}  // namespace dhow::oci
