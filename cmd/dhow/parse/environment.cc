// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/parse/environment.h"

#include "base/text.h"

#include <algorithm>

#include <unistd.h>

namespace dhow::cli {

namespace {

// Calls `take` with each line that is neither blank nor a comment; the first error ends it.
template <class Take>
Status for_each_line(std::string_view content, const Take& take) {
    for (std::string line : split(content, '\n')) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        const size_t first = line.find_first_not_of(" \t");
        if (first == std::string::npos || line[first] == '#') continue;
        TRY(take(std::string_view(line).substr(first)));
    }
    return {};
}

void import_matching(std::string_view prefix,
                     const HostEnvironment& host,
                     std::vector<std::string>& env) {
    for (const std::string& entry : host) {
        if (entry.starts_with(prefix)) env.push_back(entry);
    }
}

}  // namespace

HostEnvironment own_environment() {
    HostEnvironment host;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
        host.emplace_back(*entry);
    return host;
}

Status add_env(std::string_view text, const HostEnvironment& host, std::vector<std::string>& env) {
    const auto [name, value] = split_once(text, '=');
    if (name.empty()) {
        return make_error(ErrorKind::InvalidArgument,
                          "invalid environment variable '" + printable(text) + "': it has no name",
                          "write it as NAME=VALUE, or NAME to take it from your own environment");
    }
    if (value) {
        env.emplace_back(text);
    } else if (name.ends_with('*')) {
        import_matching(name.substr(0, name.size() - 1), host, env);
    } else {
        import_matching(std::string(name) + "=", host, env);
    }
    return {};
}

Status add_env_file(std::string_view content,
                    const HostEnvironment& host,
                    std::vector<std::string>& env) {
    return for_each_line(content, [&](std::string_view line) -> Status {
        const std::string_view name = split_once(line, '=').first;
        if (name.find_first_of(" \t") != std::string_view::npos) {
            return make_error(
                ErrorKind::InvalidArgument,
                "invalid environment variable '" + printable(line) + "': its name holds a blank",
                "write one NAME=VALUE a line");
        }
        return add_env(line, host, env);
    });
}

std::vector<std::string> last_of_each(const std::vector<std::string>& env) {
    std::vector<std::string> out;
    for (const std::string& entry : env) {
        const std::string prefix = std::string(split_once(entry, '=').first) + "=";
        const auto known = std::find_if(out.begin(), out.end(), [&](const std::string& each) {
            return each.starts_with(prefix);
        });
        if (known == out.end()) {
            out.push_back(entry);
        } else {
            *known = entry;
        }
    }
    return out;
}

Status add_pair(std::string_view text,
                std::string_view what,
                std::map<std::string, std::string>& pairs) {
    const auto [key, value] = split_once(text, '=');
    if (key.empty()) {
        return make_error(
            ErrorKind::InvalidArgument,
            "invalid " + std::string(what) + " '" + printable(text) + "': it has no key",
            "write it as KEY=VALUE");
    }
    pairs[std::string(key)] = value.value_or("");
    return {};
}

Status add_pair_file(std::string_view content,
                     std::string_view what,
                     std::map<std::string, std::string>& pairs) {
    return for_each_line(content,
                         [&](std::string_view line) { return add_pair(line, what, pairs); });
}

}  // namespace dhow::cli
