// SPDX-License-Identifier: Apache-2.0
// The options of a "local" volume, as Docker's and Podman's drivers have them: what is mounted
// where the volume is used, or who owns its folder. Pure.
#pragma once

#include "base/result.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace dhow::engine {

struct VolumeOwner {
    std::optional<uid_t> uid;  // as the container's user namespace has them
    std::optional<gid_t> gid;
};

struct VolumeMount {
    std::string type;    // "" for an ordinary volume; "bind", "tmpfs", "nfs", ...
    std::string device;  // an absolute path for "bind"
    std::vector<std::string> options;
    VolumeOwner owner;  // of an ordinary volume
};

// InvalidArgument names the option; Unsupported for those that need quotas.
Result<VolumeMount> parse_volume_options(const std::map<std::string, std::string>& options);

}  // namespace dhow::engine
