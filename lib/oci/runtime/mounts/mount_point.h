// SPDX-License-Identifier: Apache-2.0
// What a mount goes over, made where it is missing: below the container's root, never outside of
// it, whatever symbolic links lie on the way (CVE-2021-30465, CVE-2024-45310). Child half, before
// pivot_root.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "base/unique_fd.h"

#include <string>

namespace dhow::oci {

// Creates (if missing) and opens what a mount goes over: a folder, or an empty file. A link that
// leads nowhere has its target made, as a process of the container would have to.
Result<UniqueFd> make_mount_point(const RootDir& root, const std::string& path, bool folder);

// `dest-nofollow`: a link at the end of the path is itself what the mount goes over.
Result<UniqueFd> make_mount_point_nofollow(const RootDir& root,
                                           const std::string& path,
                                           bool folder);

// `copy-symlink`: a link at `path` with the content of the link `source`, instead of a mount. False
// where `source` is no link.
Result<bool> copy_symlink(const RootDir& root, const std::string& source, const std::string& path);

}  // namespace dhow::oci
