// SPDX-License-Identifier: Apache-2.0
#include "cmd/runtime/args.h"

#include "base/text.h"

namespace dhow::runtime_cli {

bool Options::has(std::string_view name) const {
    return values_.find(name) != values_.end();
}

bool Options::flag(std::string_view name) const {
    const auto found = values_.find(name);
    return found != values_.end() && found->second.back() != "false" && found->second.back() != "0";
}

std::string Options::value(std::string_view name, const std::string& fallback) const {
    const auto found = values_.find(name);
    return found == values_.end() ? fallback : found->second.back();
}

std::vector<std::string> Options::values(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::vector<std::string>() : found->second;
}

void Options::add(std::string_view name, std::string value) {
    values_[std::string(name)].push_back(std::move(value));
}

static const OptionSpec* find_spec(std::span<const OptionSpec> specs, std::string_view name) {
    for (const OptionSpec& spec : specs) {
        if (spec.name == name || (name.size() == 1 && spec.letter == name[0])) return &spec;
    }
    return nullptr;
}

static bool is_option(const std::string& arg) {
    return arg.size() > 1 && arg[0] == '-';
}

Result<Parsed> parse_options(std::span<const std::string> args,
                             std::span<const OptionSpec> specs,
                             bool options_anywhere) {
    Parsed parsed;
    for (size_t i = 0; i < args.size(); ++i) {
        const std::string& arg = args[i];
        if (arg == "--" || !is_option(arg)) {
            const size_t from = i + (arg == "--" ? 1 : 0);
            const size_t count = options_anywhere && arg != "--" ? 1 : args.size() - from;
            for (size_t k = from; k < from + count; ++k) parsed.rest.push_back(args[k]);
            if (count != 1 || arg == "--" || !options_anywhere) break;
            continue;
        }
        const size_t dashes = arg[1] == '-' ? 2 : 1;
        const auto [name, given] = split_once(std::string_view(arg).substr(dashes), '=');
        const OptionSpec* spec = find_spec(specs, name);
        if (spec == nullptr) {
            return make_error(ErrorKind::InvalidArgument,
                              "flag provided but not defined: -" + printable(name));
        }
        if (!spec->takes_value || given) {
            parsed.options.add(spec->name, std::string(given.value_or("true")));
        } else if (i + 1 < args.size()) {
            parsed.options.add(spec->name, args[++i]);
        } else {
            return make_error(ErrorKind::InvalidArgument,
                              "flag needs an argument: -" + std::string(spec->name));
        }
    }
    return parsed;
}

}  // namespace dhow::runtime_cli
