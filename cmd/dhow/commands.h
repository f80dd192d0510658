// SPDX-License-Identifier: Apache-2.0
// All commands of `dhow`, found by the words they are called with. Pure look-ups over constant
// tables: nothing is built at start, so a command pays only for itself.
#pragma once

#include "cmd/dhow/command.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::cli {

// Options every command takes, before or after its name.
std::span<const OptionSpec> global_options();
std::span<const CommandGroup> command_groups();
const CommandGroup* find_group(std::string_view name);

// `path` is "run" or "container run"; nullptr when there is none.
const Command* find_command(std::string_view path);
// Every command once, in the tables' order.
void for_each_command(const std::function<void(const Command&)>& visit);
// The paths of one command, split.
std::vector<std::string_view> command_paths(const Command& command);

// nullptr when the command (or the globals) has no such option. Aliases are resolved.
const OptionSpec* find_option(const Command* command, std::string_view name);
const OptionSpec* find_shorthand(const Command* command, char shorthand);

// What somebody who typed `word` in `group` ("" for the top) may have meant, best first: names
// within an edit distance of two, or that begin with it.
std::vector<std::string> suggestions(std::string_view group, std::string_view word);

// The tables themselves, one file each.
std::span<const Command> container_commands();
std::span<const Command> lifecycle_commands();
std::span<const Command> image_commands();
std::span<const Command> system_commands();
std::span<const Command> volume_commands();
std::span<const OptionSpec> create_options();

}  // namespace dhow::cli
