// SPDX-License-Identifier: Apache-2.0
#include "engine/config_changes.h"

#include "base/text.h"
#include "engine/signals.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace dhow::engine {

namespace {

Error refused(const std::string& change, std::string_view why) {
    return make_error(ErrorKind::InvalidArgument,
                      "change '" + printable(change) + "': " + std::string(why),
                      "write it as an instruction of a Containerfile, such as CMD [\"/bin/sh\"]");
}

// Words apart by blanks; quotes hold some together, a backslash the next character.
Result<std::vector<std::string>> words_of(const std::string& text) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    char quote = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\' && i + 1 < text.size() && quote != '\'') {
            word += text[++i];
            in_word = true;
        } else if (quote != 0) {
            if (c == quote) {
                quote = 0;
            } else {
                word += c;
            }
        } else if (c == '"' || c == '\'') {
            quote = c;
            in_word = true;
        } else if (c == ' ' || c == '\t') {
            if (in_word) words.push_back(std::exchange(word, {}));
            in_word = false;
        } else {
            word += c;
            in_word = true;
        }
    }
    if (quote != 0) return make_error(ErrorKind::InvalidArgument, "a quote is not closed");
    if (in_word) words.push_back(std::move(word));
    return words;
}

Result<json::Array> json_list(const std::string& text) {
    const auto value = TRY(json::parse(text, "list"));
    if (!value.is_array()) return make_error(ErrorKind::InvalidArgument, "it is no list");
    for (const json::Value& item : value.get_array()) {
        if (!item.is_string()) return make_error(ErrorKind::InvalidArgument, "it holds no strings");
    }
    return value.get_array();
}

// The exec form, or a line for the shell.
Status set_command(json::Object& config, const char* member, const std::string& text) {
    if (text.starts_with('[')) {
        config[member] = TRY(json_list(text));
    } else {
        config[member] = json::to_array({"/bin/sh", "-c", text});
    }
    return {};
}

// "K=V K2=V2", or the old "K the rest".
Result<std::vector<std::pair<std::string, std::string>>> pairs_of(const std::string& text) {
    const auto words = TRY(words_of(text));
    std::vector<std::pair<std::string, std::string>> pairs;
    if (!words.empty() && words[0].find('=') == std::string::npos) {
        const auto [name, rest] = split_once(text, ' ');
        if (!rest) return make_error(ErrorKind::InvalidArgument, "it has no value");
        pairs.emplace_back(name, trim(*rest));
        return pairs;
    }
    for (const std::string& word : words) {
        const auto [name, value] = split_once(word, '=');
        if (!value || name.empty()) {
            return make_error(ErrorKind::InvalidArgument, "'" + printable(word) + "' is no K=V");
        }
        pairs.emplace_back(name, *value);
    }
    return pairs;
}

Status add_env(json::Object& config, const std::string& text) {
    auto env = TRY(json::get_strings(config, "Env"));
    for (const auto& pair : TRY(pairs_of(text))) {
        std::erase_if(
            env, [&](const std::string& old) { return split_once(old, '=').first == pair.first; });
        env.push_back(pair.first + "=" + pair.second);
    }
    config["Env"] = json::to_array(env);
    return {};
}

// A member that is a map; created when it is missing.
Result<json::Object> map_of(const json::Object& config, const char* member) {
    const json::Object* map = TRY(json::get_object(config, member));
    return map == nullptr ? json::Object() : *map;
}

Status add_labels(json::Object& config, const std::string& text) {
    auto labels = TRY(map_of(config, "Labels"));
    for (const auto& [name, value] : TRY(pairs_of(text))) labels[name] = value;
    config["Labels"] = std::move(labels);
    return {};
}

Status add_ports(json::Object& config, const std::string& text) {
    auto ports = TRY(map_of(config, "ExposedPorts"));
    for (const std::string& word : TRY(words_of(text))) {
        const auto [number, protocol] = split_once(word, '/');
        const auto [first, last] = split_once(number, '-');
        const auto from = parse_int<uint16_t>(first);
        const auto to = last ? parse_int<uint16_t>(*last) : from;
        const std::string kind = to_lower(protocol.value_or("tcp"));
        const bool known = kind == "tcp" || kind == "udp" || kind == "sctp";
        if (!from || !to || *from == 0 || *to < *from || !known) {
            return make_error(ErrorKind::InvalidArgument, "'" + printable(word) + "' is no port");
        }
        for (unsigned port = *from; port <= *to; ++port) {
            ports[std::to_string(port) + "/" + kind] = json::Object();
        }
    }
    config["ExposedPorts"] = std::move(ports);
    return {};
}

Status add_volumes(json::Object& config, const std::string& text) {
    auto volumes = TRY(map_of(config, "Volumes"));
    std::vector<std::string> paths;
    if (text.starts_with('[')) {
        for (const json::Value& path : TRY(json_list(text))) {
            paths.emplace_back(path.get_string());
        }
    } else {
        paths = TRY(words_of(text));
    }
    for (const std::string& path : paths) {
        if (!path.starts_with('/')) {
            return make_error(ErrorKind::InvalidArgument,
                              "'" + printable(path) + "' is no absolute path");
        }
        volumes[path] = json::Object();
    }
    config["Volumes"] = std::move(volumes);
    return {};
}

Status add_trigger(json::Object& config, const std::string& text) {
    auto triggers = TRY(json::get_strings(config, "OnBuild"));
    triggers.push_back(text);
    config["OnBuild"] = json::to_array(triggers);
    return {};
}

Status set_stop_signal(json::Object& config, const std::string& text) {
    TRY(parse_signal(text));
    config["StopSignal"] = text;
    return {};
}

Status set_working_dir(json::Object& config, const std::string& text) {
    const auto before = TRY(json::get_string(config, "WorkingDir"));
    const std::string base = before.value_or("");
    config["WorkingDir"] = text.starts_with('/') ? text : base + "/" + text;
    return {};
}

using Apply = Status (*)(json::Object& config, const std::string& text);

constexpr std::array<std::pair<std::string_view, Apply>, 10> kInstructions = {{
    {"cmd", [](json::Object& c, const std::string& t) { return set_command(c, "Cmd", t); }},
    {"entrypoint",
     [](json::Object& c, const std::string& t) { return set_command(c, "Entrypoint", t); }},
    {"env", add_env},
    {"expose", add_ports},
    {"label", add_labels},
    {"onbuild", add_trigger},
    {"stopsignal", set_stop_signal},
    {"user",
     [](json::Object& c, const std::string& t) -> Status {
         c["User"] = t;
         return {};
     }},
    {"volume", add_volumes},
    {"workdir", set_working_dir},
}};

}  // namespace

Status apply_change(json::Object& config, const std::string& change) {
    const std::string line(trim(change));
    const size_t end = line.find_first_of(" =\t");
    const std::string name = to_lower(line.substr(0, end));
    const std::string text(end == std::string::npos ? "" : trim(line.substr(end + 1)));
    for (const auto& [known, apply] : kInstructions) {
        if (known != name) continue;
        if (text.empty()) return refused(change, "it has no value");
        const auto applied = apply(config, text);
        return applied ? Status() : refused(change, applied.error().message);
    }
    return refused(change, "unknown instruction");
}

}  // namespace dhow::engine
