// SPDX-License-Identifier: Apache-2.0
// Hooks of config.json (config.md, "POSIX-platform Hooks"): each gets the container's state on
// stdin. prestart, createRuntime, poststart and poststop run in the parent half or in `delete`;
// createContainer and startContainer in the child half.
#pragma once

#include "base/result.h"
#include "oci/runtime/state.h"
#include "oci/spec/runtime_spec.h"

#include <optional>
#include <string>
#include <vector>

namespace dhow::oci {

// In order; the first that fails or runs out of time ends it, and its error quotes what the hook
// wrote. `env` is for hooks that list none of their own: startContainer's are programs of the
// container and get its environment, all others the runtime's own (as runc and crun).
Status run_hooks(const std::vector<Hook>& hooks,
                 std::string_view kind,
                 const std::string& state_document,
                 const std::optional<std::vector<std::string>>& env = std::nullopt);

}  // namespace dhow::oci
