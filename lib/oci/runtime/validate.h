// SPDX-License-Identifier: Apache-2.0
// What a config.json must say before anything is made of it (config.md; runc's validator): here, so
// that the halves need not ask again. Pure.
#pragma once

#include "base/result.h"
#include "oci/runtime/launch.h"
#include "oci/spec/runtime_spec.h"

namespace dhow::oci {

Status validate(const RuntimeSpec& spec, const LaunchOptions& options);
// What `exec --process` brings.
Status validate_process(const Process& process);

}  // namespace dhow::oci
