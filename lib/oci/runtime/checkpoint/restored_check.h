// SPDX-License-Identifier: Apache-2.0
// What a checkpoint may not bring: processes with more than config.json gives. criu sets
// credentials, filters and namespaces as the checkpoint has them, and a checkpoint is a file that
// anybody may have written (CVE-2026-94603). Read before a restored process takes its first step.
#pragma once

#include "base/result.h"
#include "oci/runtime/state.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <string_view>

namespace dhow::oci {

// Pure: the text of /proc/PID/status against what `process` and `linux` allow.
Status check_restored_status(std::string_view status, const RuntimeSpec& spec);

// All processes of the container but criu: their credentials, filter and namespaces.
Status check_restored(const ContainerState& state, const RuntimeSpec& spec, pid_t criu);

}  // namespace dhow::oci
