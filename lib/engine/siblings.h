// SPDX-License-Identifier: Apache-2.0
// dhow's other binaries: beside the running one first (a build tree, an unpacked tarball), then in
// ../libexec/dhow (an installation). Never $PATH: nobody may slip in a shim of their own.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace dhow::engine {

// "dhow-shim" -> its absolute path.
Result<std::string> find_sibling(std::string_view name);

// The OCI runtime for a --runtime value: "" is dhow-runtime, a path is itself, a name is searched
// in the usual system folders.
Result<std::string> find_runtime(const std::string& name);

}  // namespace dhow::engine
