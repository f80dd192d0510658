// SPDX-License-Identifier: Apache-2.0
// The help pages, in Podman's shape, made from the command tables. Pure.
#pragma once

#include "cmd/dhow/command.h"

#include <string>
#include <string_view>

namespace dhow::cli {

// `path` is how the command was called: it goes into Usage.
std::string command_help(const Command& command, std::string_view path);
// The page of `dhow` itself (nullptr) or of a group.
std::string group_help(const CommandGroup* group);

}  // namespace dhow::cli
