// SPDX-License-Identifier: Apache-2.0
// The seccomp section of a container's spec: dhow's default policy, or a profile file of Docker's
// or the runtime spec's form. Image labels and environment never reach this file.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec_linux.h"

#include <set>
#include <string>
#include <vector>

namespace dhow::engine {

// `capabilities`: the container's ("CAP_SYS_ADMIN"), which widen what is allowed.
oci::Seccomp default_seccomp(const std::vector<std::string>& capabilities);

// A profile as `--security-opt seccomp=FILE` names it: the runtime spec's members, plus Docker's
// `archMap`, `includes` and `excludes`.
Result<oci::Seccomp> load_seccomp(const std::string& path,
                                  const std::vector<std::string>& capabilities);

}  // namespace dhow::engine
