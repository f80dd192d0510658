// SPDX-License-Identifier: Apache-2.0
// Who a container's process is: "name|uid[:group|gid]" looked up in the container's own /etc/passwd
// and /etc/group. Both files come from the image and are hostile: read through RootDir, bounded,
// never by getpwnam (which would load NSS modules from the wrong side).
#pragma once

#include "base/result.h"
#include "base/root_dir.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::engine {

struct ContainerUser {
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::vector<uint32_t> additional_gids;
    std::string home = "/";
};

// An empty `user` is root. A number needs no entry; a name without one is NotFound.
Result<ContainerUser> find_container_user(const RootDir& rootfs, std::string_view user);

// The same over the two files' text, for tests.
Result<ContainerUser> find_user_in(std::string_view passwd,
                                   std::string_view group,
                                   std::string_view user);

}  // namespace dhow::engine
