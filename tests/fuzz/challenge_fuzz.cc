// SPDX-License-Identifier: Apache-2.0
// WWW-Authenticate as a registry sends it: a bearer's realm is never empty, and a challenge written
// anew from what was read says the same.
#include "store/registry/challenge.h"
#include "tests/fuzz/require.h"

namespace {

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace dhow;
    using fuzz::require;
    using Scheme = store::Challenge::Scheme;
    const auto challenge = store::parse_challenge(fuzz::as_text(data, size));
    if (!challenge) return 0;
    const bool bearer = challenge->scheme == Scheme::Bearer;
    require(!bearer || !challenge->realm.empty());
    const std::string anew =
        std::string(bearer ? "Bearer" : "Basic") + " realm=" + quoted(challenge->realm) +
        ",service=" + quoted(challenge->service) + ",scope=" + quoted(challenge->scope);
    if (anew.size() > 8192) return 0;
    const auto again = store::parse_challenge(anew);
    require(again && again->scheme == challenge->scheme && again->realm == challenge->realm);
    require(again->service == challenge->service && again->scope == challenge->scope);
    return 0;
}
