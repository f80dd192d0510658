// SPDX-License-Identifier: Apache-2.0
// -v, --mount and --tmpfs as users write them. A relative host path is resolved against
// `working_dir` here, because the engine knows no current folder. Pure: nothing is looked up on
// disk.
#pragma once

#include "base/result.h"
#include "engine/requests.h"

#include <string_view>

namespace dhow::cli {

// "src:dst[:opts]", "name:dst[:opts]", "dst" (anonymous). opts: ro, rw, z, Z, U, O, rprivate, ...
Result<engine::MountSpec> parse_volume(std::string_view text, std::string_view working_dir);
// "type=bind|volume|tmpfs,source=...,destination=...,readonly,..."; type volume is the default.
Result<engine::MountSpec> parse_mount(std::string_view text, std::string_view working_dir);
// "dst[:size=64m,mode=1777,...]"
Result<engine::MountSpec> parse_tmpfs(std::string_view text);

}  // namespace dhow::cli
