// SPDX-License-Identifier: Apache-2.0
// linux.maskedPaths and linux.readonlyPaths. A masked file becomes the host's /dev/null, verified
// by its device number (CVE-2025-31133), a masked folder an empty read-only tmpfs. Only a path that
// does not exist is left out. Child half, after pivot_root.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"

#include <string>
#include <vector>

namespace dhow::oci {

// A detached mount of the host's /dev/null; taken before pivot_root.
Result<UniqueFd> clone_null_device();

// `label`: mount_label().
Status mask_paths(const RootDir& root,
                  const std::vector<std::string>& paths,
                  UniqueFd null_device,
                  const std::string& label = {});
Status make_paths_readonly(const RootDir& root, const std::vector<std::string>& paths);

}  // namespace dhow::oci
