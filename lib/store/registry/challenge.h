// SPDX-License-Identifier: Apache-2.0
// WWW-Authenticate, the registry's question for credentials (RFC 9110, section 11; distribution's
// token specification). Pure; the header comes from the network.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dhow::store {

struct Challenge {
    enum class Scheme { Basic, Bearer };
    Scheme scheme = Scheme::Basic;
    std::string realm;  // Bearer: the token server's URL
    std::string service;
    std::string scope;
};

// Whether a token server at the host of `realm` (a URL) may be told the passwords of `registry`
// ("host[:port]"): the same host, or one of the same owner ("auth.docker.io" for
// "registry-1.docker.io"). Numbers and single words are their own owners.
bool same_owner(std::string_view realm, std::string_view registry);
// "host[:port]" of a URL; empty: it has none.
std::string_view authority_of(std::string_view url);

// The value of one header; nullopt for other schemes and for malformed ones.
std::optional<Challenge> parse_challenge(std::string_view header);

}  // namespace dhow::store
