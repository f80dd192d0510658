// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/argv_normalize.h"

#include "base/text.h"
#include "cmd/dhow/commands.h"

#include <optional>

namespace dhow::cli {

namespace {

std::string quoted(std::string_view text) {
    return "\"" + printable(text) + "\"";
}

class Normalizer {
  public:
    explicit Normalizer(std::span<const std::string_view> args) : args_(args) {}

    Result<NormalizedArgv> run() {
        while (next_ < args_.size()) {
            const std::string_view arg = args_[next_++];
            if (arg == "--" && !operands_only_) {
                operands_only_ = true;
            } else if (!operands_only_ && arg.starts_with("--")) {
                TRY(take_long(arg.substr(2)));
            } else if (!operands_only_ && arg.size() > 1 && arg.front() == '-') {
                TRY(take_cluster(arg.substr(1)));
            } else {
                TRY(take_operand(arg));
            }
            if (out_.help) break;
        }
        return std::move(out_);
    }

  private:
    [[nodiscard]] Error usage_error(std::string message) const {
        const std::string called = out_.path.empty() ? "dhow" : "dhow " + out_.path;
        return make_error(
            ErrorKind::InvalidArgument, std::move(message), "See '" + called + " --help'");
    }

    Status take_long(std::string_view text) {
        const auto [name, value] = split_once(text, '=');
        const OptionSpec* option = name.empty() ? nullptr : find_option(out_.command, name);
        if (option == nullptr) return usage_error("unknown flag: --" + printable(name));
        const std::string spelled = "--" + std::string(name);
        if (value) return add(option, std::string(*value), spelled);
        if (option->type == ValueType::Bool) return add(option, "true", spelled);
        if (next_ == args_.size()) return usage_error("flag needs an argument: " + spelled);
        return add(option, std::string(args_[next_++]), spelled);
    }

    // "-itd", "-eA=1", "-e=A=1", "-p8080:80", "-it=false".
    Status take_cluster(std::string_view cluster) {
        std::string_view rest = cluster;
        while (!rest.empty() && !out_.help) {
            const char letter = rest.front();
            rest.remove_prefix(1);
            const OptionSpec* option = find_shorthand(out_.command, letter);
            if (option == nullptr && letter == 'h') option = find_option(nullptr, "help");
            if (option == nullptr) {
                return usage_error("unknown shorthand flag: '" + printable({&letter, 1}) +
                                   "' in -" + printable(cluster));
            }
            const std::string spelled =
                std::string("-") + letter + ", --" + std::string(option->name);
            if (rest.starts_with('=')) return add(option, std::string(rest.substr(1)), spelled);
            if (option->type == ValueType::Bool) {
                TRY(add(option, "true", spelled));
                continue;
            }
            if (!rest.empty()) return add(option, std::string(rest), spelled);
            if (next_ == args_.size()) {
                return usage_error(std::string("flag needs an argument: '") + letter + "' in -" +
                                   printable(cluster));
            }
            return add(option, std::string(args_[next_++]), spelled);
        }
        return {};
    }

    Status add(const OptionSpec* option, std::string value, const std::string& spelled) {
        if (option->type == ValueType::Bool) {
            const std::optional<bool> truth = parse_bool(value);
            if (!truth) {
                return usage_error("invalid argument " + quoted(value) + " for \"" + spelled +
                                   "\" flag: must be true or false");
            }
            value = *truth ? "true" : "false";
        }
        if (option->name == "help") out_.help = value == "true";
        out_.options.push_back({option, std::move(value), spelled});
        return {};
    }

    Status take_operand(std::string_view arg) {
        if (out_.command == nullptr) return take_command_word(arg);
        out_.operands.emplace_back(arg);
        if (out_.command->flags_stop_at_operand) operands_only_ = true;
        return {};
    }

    Status take_command_word(std::string_view word) {
        const std::string path = out_.group == nullptr
                                     ? std::string(word)
                                     : std::string(out_.group->name) + " " + std::string(word);
        out_.command = find_command(path);
        if (out_.command == nullptr && out_.group == nullptr) out_.group = find_group(word);
        if (out_.command == nullptr && (out_.group == nullptr || path != out_.group->name)) {
            return unknown_command(path, word);
        }
        out_.path = path;
        // `--` before a command word ends nothing that belongs to the command.
        operands_only_ = false;
        return {};
    }

    [[nodiscard]] Error unknown_command(std::string_view path, std::string_view word) const {
        std::string fix;
        const std::string_view group = out_.group == nullptr ? "" : out_.group->name;
        const std::vector<std::string> names = suggestions(group, word);
        if (!names.empty()) fix = "Did you mean this? " + join(names, ", ") + "; ";
        fix += "Try 'dhow" + (group.empty() ? "" : " " + std::string(group)) +
               " --help' for more information";
        return make_error(ErrorKind::InvalidArgument,
                          "unrecognized command `dhow " + printable(path) + "`",
                          std::move(fix));
    }

    std::span<const std::string_view> args_;
    size_t next_ = 0;
    bool operands_only_ = false;
    NormalizedArgv out_;
};

}  // namespace

std::optional<bool> parse_bool(std::string_view text) {
    for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
        if (text == yes) return true;
    }
    for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
        if (text == no) return false;
    }
    return std::nullopt;
}

Result<NormalizedArgv> normalize_argv(std::span<const std::string_view> args) {
    return Normalizer(args).run();
}

}  // namespace dhow::cli
