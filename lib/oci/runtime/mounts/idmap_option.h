// SPDX-License-Identifier: Apache-2.0
// The maps that crun and Podman write into a mount option: `idmap=uids=C-H-N#C-H-N;gids=C-H-N`,
// likewise with `ridmap`. N ids from C up in the file system are those from H up on the host; with
// an `@` before it, H is an id inside the container's user namespace (crun(1), "idmap mount
// options"). Pure.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::oci {

struct IdMaps {
    std::vector<IdMapping> uids;
    std::vector<IdMapping> gids;
};

// What follows `idmap=` or `ridmap=` in the last such option; none: the option, if there, is plain.
std::optional<std::string_view> idmap_value(const std::vector<std::string>& options);

Result<IdMaps> parse_idmap(std::string_view value, const Linux& linux_part);

}  // namespace dhow::oci
