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

std::string_view authority_of(std::string_view url) {
    const size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find_first_of("/?#\\"));
    // "https://registry.example@evil.example/" is the latter's.
    const size_t user = url.rfind('@');
    return user == std::string_view::npos ? url : url.substr(user + 1);
}

static std::string_view without_port(std::string_view host) {
    const size_t bracket = host.rfind(']');
    const size_t colon = host.rfind(':');
    const bool port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    return port ? host.substr(0, colon) : host;
}

// What somebody can register: two labels, or three below "co.uk" and its like. Empty: an address,
// or a single word.
static std::string owner_of(std::string_view host) {
    const auto labels = split(to_lower(host), '.');
    const size_t count = labels.size();
    if (count < 2 || host.starts_with('[') || parse_int<unsigned>(labels.back())) return {};
    constexpr size_t kShort = 3;
    const bool country = labels[count - 1].size() == 2 && labels[count - 2].size() <= kShort;
    const size_t wanted = country && count > 2 ? 3 : 2;
    return join({labels.end() - static_cast<ptrdiff_t>(wanted), labels.end()}, ".");
}

bool same_owner(std::string_view realm, std::string_view registry) {
    const std::string_view host = without_port(authority_of(realm));
    const std::string_view own = without_port(registry);
    if (to_lower(host) == to_lower(own)) return !host.empty();
    const std::string owner = owner_of(host);
    return !owner.empty() && owner == owner_of(own);
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
