// SPDX-License-Identifier: Apache-2.0
#include "store/registry/challenge.h"

#include "base/text.h"

namespace dhow::store {

// Takes `name="value"` or `name=value` and the comma after it from the front.
static bool take_parameter(std::string_view& rest, std::string& name, std::string& value) {
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return false;
    name = to_lower(trim(rest.substr(0, equals)));
    rest = trim(rest.substr(equals + 1));
    value.clear();
    if (rest.starts_with('"')) {
        size_t i = 1;
        for (; i < rest.size() && rest[i] != '"'; ++i) {
            if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
            value += rest[i];
        }
        if (i >= rest.size()) return false;
        rest.remove_prefix(i + 1);
    } else {
        const size_t end = std::min(rest.find(','), rest.size());
        value = trim(rest.substr(0, end));
        rest.remove_prefix(end);
    }
    rest = trim(rest);
    if (rest.starts_with(',')) rest = trim(rest.substr(1));
    return !name.empty();
}

std::optional<Challenge> parse_challenge(std::string_view header) {
    constexpr size_t kMaxHeader = 8192;
    if (header.size() > kMaxHeader) return std::nullopt;
    const auto [scheme, parameters] = split_once(trim(header), ' ');
    Challenge challenge;
    const std::string word = to_lower(scheme);
    if (word == "bearer") {
        challenge.scheme = Challenge::Scheme::Bearer;
    } else if (word != "basic") {
        return std::nullopt;
    }
    std::string_view rest = trim(parameters.value_or(""));
    std::string name;
    std::string value;
    while (!rest.empty()) {
        if (!take_parameter(rest, name, value)) return std::nullopt;
        if (name.find(' ') != std::string::npos) break;  // another challenge's scheme
        if (name == "realm") challenge.realm = value;
        if (name == "service") challenge.service = value;
        if (name == "scope") challenge.scope = value;
    }
    const bool usable = challenge.scheme == Challenge::Scheme::Basic || !challenge.realm.empty();
    return usable ? std::optional(challenge) : std::nullopt;
}

}  // namespace dhow::store
