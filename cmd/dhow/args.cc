// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/args.h"

#include "base/text.h"
#include "cmd/dhow/commands.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace dhow::cli {

namespace {

std::string help_hint(const NormalizedArgv& argv) {
    return "See 'dhow " + argv.path + " --help'";
}

std::string_view expected_form(ValueType type) {
    switch (type) {
        case ValueType::Int:
            return "must be an integer";
        case ValueType::Uint:
            return "must be an integer, 0 or more";
        case ValueType::Float:
            return "must be a number";
        case ValueType::Bool:
        case ValueType::String:
        case ValueType::StringArray:
        case ValueType::CommaStrings:
            break;
    }
    return "is malformed";
}

// As strict as base/text.h: no blanks, no overflow, no octal by a leading 0.
std::string check_number(ValueType type, const std::string& text) {
    bool good = true;
    if (type == ValueType::Int) good = parse_int<int64_t>(text).has_value();
    if (type == ValueType::Uint) good = parse_int<uint64_t>(text).has_value();
    if (type == ValueType::Float) {
        double number = 0;
        const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), number);
        good = !text.empty() && code == std::errc{} && stop == text.data() + text.size();
    }
    return good ? std::string() : std::string(expected_form(type));
}

CLI::Option* declare(CLI::App& app, const OptionUse& use) {
    const std::string name = "--" + std::string(use.option->name);
    CLI::Option* known = app.get_option_no_throw(name);
    if (known != nullptr) return known;
    CLI::Option* option = app.add_option(name);
    const ValueType type = use.option->type;
    const bool many = type == ValueType::StringArray || type == ValueType::CommaStrings;
    option->expected(1)->allow_extra_args(false)->multi_option_policy(
        many ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
    if (type == ValueType::CommaStrings) option->delimiter(',');
    option->check([type](const std::string& text) { return check_number(type, text); });
    return option;
}

Error count_error(const NormalizedArgv& argv, size_t count) {
    const Command& command = *argv.command;
    std::string message;
    const auto received = std::to_string(count);
    if (command.max_args == 0) {
        message = "`dhow " + argv.path + "` takes no arguments";
    } else if (command.min_args == command.max_args) {
        message = "accepts " + std::to_string(command.min_args) + " arg(s), received " + received;
    } else if (count < static_cast<size_t>(command.min_args)) {
        message = "requires at least " + std::to_string(command.min_args) +
                  " arg(s), only received " + received;
    } else {
        message =
            "accepts at most " + std::to_string(command.max_args) + " arg(s), received " + received;
    }
    std::string fix = help_hint(argv);
    if (command.max_args != 0) {
        fix = "Usage: dhow " + argv.path + " " + std::string(command.usage) + "; " + fix;
    }
    return make_error(ErrorKind::InvalidArgument, std::move(message), std::move(fix));
}

Status check_count(const NormalizedArgv& argv) {
    const size_t count = argv.operands.size();
    const Command& command = *argv.command;
    const bool few = count < static_cast<size_t>(command.min_args);
    const bool many =
        command.max_args != kAnyNumber && count > static_cast<size_t>(command.max_args);
    if (few || many) return count_error(argv, count);
    return {};
}

Error value_error(const NormalizedArgv& argv) {
    for (const OptionUse& use : argv.options) {
        const std::string reason = check_number(use.option->type, use.value);
        if (reason.empty()) continue;
        return make_error(ErrorKind::InvalidArgument,
                          "invalid argument \"" + printable(use.value) + "\" for \"" + use.spelled +
                              "\" flag: " + reason,
                          help_hint(argv));
    }
    return make_error(
        ErrorKind::InvalidArgument, "the options cannot be understood", help_hint(argv));
}

}  // namespace

Result<Args> Args::parse(const NormalizedArgv& argv) {
    Args args;
    CLI::App app;
    app.set_help_flag();
    std::vector<std::string> words;
    for (const OptionUse& use : argv.options) {
        declare(app, use);
        words.push_back("--" + std::string(use.option->name));
        // A value in the same word is never taken for a flag; an empty one needs its own.
        if (use.value.empty()) {
            words.emplace_back();
        } else {
            words.back() += "=" + use.value;
        }
    }
    // CLI11 reads its vector from the back.
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    try {
        app.parse(std::move(reversed));
    } catch (const CLI::Error&) {
        return value_error(argv);
    }
    for (const OptionUse& use : argv.options) {
        const std::string name(use.option->name);
        if (args.values_.contains(name)) continue;
        args.values_[name] = app.get_option_no_throw("--" + name)->reduced_results();
    }
    args.operands_ = argv.operands;
    if (argv.command != nullptr) TRY(check_count(argv));
    return args;
}

bool Args::given(std::string_view name) const {
    return values_.find(name) != values_.end();
}

bool Args::flag(std::string_view name, bool fallback) const {
    return given(name) ? text(name) == "true" : fallback;
}

const std::string& Args::text(std::string_view name) const {
    static const std::string none;
    const auto found = values_.find(name);
    return found == values_.end() || found->second.empty() ? none : found->second.back();
}

const std::vector<std::string>& Args::list(std::string_view name) const {
    static const std::vector<std::string> none;
    const auto found = values_.find(name);
    return found == values_.end() ? none : found->second;
}

std::optional<int64_t> Args::integer(std::string_view name) const {
    return given(name) ? parse_int<int64_t>(text(name)) : std::nullopt;
}

}  // namespace dhow::cli
