// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/help.h"

#include "base/text.h"
#include "cmd/dhow/commands.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace dhow::cli {

namespace {

std::string_view type_name(const OptionSpec& option) {
    if (!option.value_name.empty()) return option.value_name;
    switch (option.type) {
        case ValueType::Bool:
            return "";
        case ValueType::String:
            return "string";
        case ValueType::StringArray:
            return "stringArray";
        case ValueType::CommaStrings:
            return "strings";
        case ValueType::Int:
            return "int";
        case ValueType::Uint:
            return "uint";
        case ValueType::Float:
            return "float";
    }
    return "";
}

using Row = std::pair<std::string, std::string>;

Row option_row(const OptionSpec& option) {
    Row row;
    row.first = option.shorthand != 0 ? std::string("  -") + option.shorthand + ", " : "      ";
    row.first += "--" + std::string(option.name);
    const std::string_view type = type_name(option);
    if (!type.empty()) row.first += " " + std::string(type);
    row.second = option.help;
    if (!option.default_text.empty()) {
        const bool quoted = option.type == ValueType::String && option.value_name.empty();
        const std::string mark = quoted ? "\"" : "";
        row.second += " (default " + mark + std::string(option.default_text) + mark + ")";
    }
    return row;
}

void add_options(std::vector<Row>& rows, std::span<const OptionSpec> options) {
    for (const OptionSpec& option : options) {
        if (!option.hidden && option.alias_of.empty()) rows.push_back(option_row(option));
    }
}

// "      --name" and "  -n, --name" sort by the long name.
void sort_options(std::vector<Row>& rows) {
    std::sort(rows.begin(), rows.end(), [](const Row& left, const Row& right) {
        return left.first.substr(6) < right.first.substr(6);
    });
}

std::string two_columns(const std::vector<Row>& rows, size_t gap) {
    size_t width = 0;
    for (const Row& row : rows) width = std::max(width, row.first.size());
    std::string out;
    for (const auto& [left, right] : rows) {
        out += left + std::string(width - left.size() + gap, ' ') + right + "\n";
    }
    return out;
}

std::vector<Row> members(const CommandGroup* group) {
    std::vector<Row> rows;
    for_each_command([&](const Command& command) {
        if (command.hidden) return;
        for (const std::string_view path : command_paths(command)) {
            const auto [first, second] = split_once(path, ' ');
            if (group == nullptr && !second) {
                rows.emplace_back("  " + std::string(first), command.summary);
            }
            if (group != nullptr && second && first == group->name && *second != "list") {
                rows.emplace_back("  " + std::string(*second), command.summary);
            }
        }
    });
    if (group == nullptr) {
        for (const CommandGroup& each : command_groups()) {
            rows.emplace_back("  " + std::string(each.name), each.summary);
        }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
}

std::string examples_of(const Command& command) {
    std::string out;
    for (const std::string& example : split(command.examples, '\n'))
        out += "  dhow " + example + "\n";
    return out;
}

}  // namespace

std::string command_help(const Command& command, std::string_view path) {
    std::string out = std::string(command.summary) + "\n\nDescription:\n  " +
                      std::string(command.description) + "\n\nUsage:\n  dhow " + std::string(path) +
                      " " + std::string(command.usage) + "\n";
    if (!command.examples.empty()) out += "\nExamples:\n" + examples_of(command);
    std::vector<Row> rows;
    add_options(rows, command.options);
    if (command.more_options != nullptr) add_options(rows, command.more_options());
    sort_options(rows);
    if (!rows.empty()) out += "\nOptions:\n" + two_columns(rows, 3);
    return out;
}

std::string group_help(const CommandGroup* group) {
    const std::string summary = group == nullptr
                                    ? "Run containers as an ordinary user, with no daemon"
                                    : std::string(group->summary);
    const std::string path = group == nullptr ? "dhow" : "dhow " + std::string(group->name);
    std::string out = summary + "\n\nUsage:\n  " + path +
                      (group == nullptr ? " [options] [command]\n" : " [command]\n") +
                      "\nAvailable Commands:\n" + two_columns(members(group), 2);
    if (group == nullptr) {
        std::vector<Row> rows;
        add_options(rows, global_options());
        rows.emplace_back("  -v, --version", "Show the version");
        sort_options(rows);
        out += "\nOptions:\n" + two_columns(rows, 3);
    }
    return out;
}

}  // namespace dhow::cli
