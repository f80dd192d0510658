// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/commands.h"

#include <algorithm>
#include <array>

namespace dhow::cli {

namespace {

constexpr auto kGlobals = std::to_array<OptionSpec>({
    {.name = "help", .help = "Show this help"},
    {.name = "root", .type = ValueType::String, .help = "Folder that holds images and containers"},
    {.name = "runroot",
     .type = ValueType::String,
     .help = "Folder for what does not outlive a boot"},
    {.name = "runtime",
     .type = ValueType::String,
     .help = "OCI runtime for new containers: dhow-runtime, crun, runc, or an absolute path"},
    {.name = "log-level",
     .type = ValueType::String,
     .help = "Accepted so that scripts written for other engines run",
     .hidden = true},
    {.name = "version", .shorthand = 'v', .help = "Show the version", .hidden = true},
});

constexpr auto kGroups = std::to_array<CommandGroup>({
    {"container", "Manage containers"},
    {"generate", "Generate structured data based on containers"},
    {"image", "Manage images"},
    {"system", "Manage dhow"},
    {"volume", "Manage volumes"},
});

std::array<std::span<const Command>, 5> tables() {
    return {lifecycle_commands(),
            container_commands(),
            image_commands(),
            system_commands(),
            volume_commands()};
}

bool has_path(std::string_view paths, std::string_view wanted) {
    while (!paths.empty()) {
        const size_t bar = paths.find('|');
        if (paths.substr(0, bar) == wanted) return true;
        if (bar == std::string_view::npos) return false;
        paths.remove_prefix(bar + 1);
    }
    return false;
}

// Levenshtein's, on lower-case words short enough for one row on the stack.
size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<size_t> row(to.size() + 1);
    for (size_t column = 0; column <= to.size(); ++column) row[column] = column;
    for (size_t line = 1; line <= from.size(); ++line) {
        size_t diagonal = row[0];
        row[0] = line;
        for (size_t column = 1; column <= to.size(); ++column) {
            const size_t replaced = diagonal + (from[line - 1] == to[column - 1] ? 0 : 1);
            diagonal = row[column];
            row[column] = std::min({row[column] + 1, row[column - 1] + 1, replaced});
        }
    }
    return row[to.size()];
}

std::span<const OptionSpec> more_options(const Command& command) {
    return command.more_options == nullptr ? std::span<const OptionSpec>() : command.more_options();
}

template <class Match>
const OptionSpec* search_options(const Command* command, const Match& match) {
    if (command != nullptr) {
        for (const OptionSpec& option : command->options) {
            if (match(option)) return &option;
        }
        for (const OptionSpec& option : more_options(*command)) {
            if (match(option)) return &option;
        }
    }
    for (const OptionSpec& option : kGlobals) {
        // -v is the version only where it stands alone: `dhow -v`.
        if (command != nullptr && option.name == "version") continue;
        if (match(option)) return &option;
    }
    return nullptr;
}

}  // namespace

std::span<const OptionSpec> global_options() {
    return kGlobals;
}

std::span<const CommandGroup> command_groups() {
    return kGroups;
}

const CommandGroup* find_group(std::string_view name) {
    const auto* const found =
        std::find_if(kGroups.begin(), kGroups.end(), [&](const CommandGroup& group) {
            return group.name == name;
        });
    return found == kGroups.end() ? nullptr : found;
}

const Command* find_command(std::string_view path) {
    for (const auto& table : tables()) {
        for (const Command& command : table) {
            if (has_path(command.paths, path)) return &command;
        }
    }
    return nullptr;
}

void for_each_command(const std::function<void(const Command&)>& visit) {
    for (const auto& table : tables()) {
        for (const Command& command : table) visit(command);
    }
}

std::vector<std::string_view> command_paths(const Command& command) {
    std::vector<std::string_view> out;
    std::string_view rest = command.paths;
    for (;;) {
        const size_t bar = rest.find('|');
        out.push_back(rest.substr(0, bar));
        if (bar == std::string_view::npos) return out;
        rest.remove_prefix(bar + 1);
    }
}

const OptionSpec* find_option(const Command* command, std::string_view name) {
    const OptionSpec* found =
        search_options(command, [&](const OptionSpec& option) { return option.name == name; });
    if (found != nullptr && !found->alias_of.empty()) return find_option(command, found->alias_of);
    return found;
}

const OptionSpec* find_shorthand(const Command* command, char shorthand) {
    return search_options(command,
                          [&](const OptionSpec& option) { return option.shorthand == shorthand; });
}

std::vector<std::string> suggestions(std::string_view group, std::string_view word) {
    if (word.empty()) return {};
    std::vector<std::pair<size_t, std::string>> found;
    const auto consider = [&](std::string_view name) {
        const size_t distance = edit_distance(word, name);
        if (distance <= 2 || name.starts_with(word)) found.emplace_back(distance, name);
    };
    for_each_command([&](const Command& command) {
        if (command.hidden) return;
        for (const std::string_view path : command_paths(command)) {
            const size_t blank = path.find(' ');
            const std::string_view owner =
                blank == std::string_view::npos ? "" : path.substr(0, blank);
            if (owner == group)
                consider(blank == std::string_view::npos ? path : path.substr(blank + 1));
        }
    });
    if (group.empty()) {
        for (const CommandGroup& each : kGroups) consider(each.name);
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> names;
    names.reserve(found.size());
    for (auto& [distance, name] : found) names.push_back(std::move(name));
    return names;
}

}  // namespace dhow::cli
