// SPDX-License-Identifier: Apache-2.0
// `checkpoint`: the processes of a running container, saved by criu to a folder of the caller's,
// with descriptors.json beside them: what the init's stdin, stdout and stderr were. Afterwards they
// are gone, unless asked to be left. Parent half; root alone can (criu(8)).
#pragma once

#include "base/result.h"
#include "oci/runtime/checkpoint/criu.h"
#include "oci/runtime/state.h"
#include "oci/spec/runtime_spec.h"

namespace dhow::oci {

inline constexpr const char* kDescriptorsFile = "descriptors.json";

// The key of an external namespace in a checkpoint, as runc and crun have it: "extRootNetNS".
std::string external_namespace_key(NamespaceType type);

Status checkpoint(const ContainerState& state, const RuntimeSpec& spec, const CriuOptions& options);

}  // namespace dhow::oci
