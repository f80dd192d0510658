// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/router.h"

#include "base/text.h"
#include "cmd/api/query.h"

#include <algorithm>
#include <vector>

namespace dhow::api {

static std::vector<std::string> components(std::string_view path) {
    if (path.starts_with('/')) path.remove_prefix(1);
    return split(path, '/');
}

static bool is_variable(std::string_view piece) {
    return piece.size() > 2 && piece.front() == '{' && piece.back() == '}';
}

std::optional<Params> match_pattern(std::string_view pattern, std::string_view path) {
    const auto wanted = components(pattern);
    const auto given = components(path);
    Params params;
    size_t at = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
        const std::string_view piece = wanted[i];
        if (at >= given.size()) return std::nullopt;
        if (!is_variable(piece)) {
            if (given[at++] != piece) return std::nullopt;
            continue;
        }
        std::string_view name = piece.substr(1, piece.size() - 2);
        size_t count = 1;
        if (name.ends_with("...")) {
            name.remove_suffix(3);
            // As many components as leave one each for what follows.
            const size_t after = wanted.size() - i - 1;
            if (given.size() < at + after + 1) return std::nullopt;
            count = given.size() - at - after;
        }
        std::string value;
        for (size_t k = 0; k < count; ++k) {
            const auto decoded = percent_decode(given[at++], false);
            if (!decoded || decoded->empty()) return std::nullopt;
            value += (k > 0 ? "/" : "") + *decoded;
        }
        params.emplace(name, std::move(value));
    }
    if (at != given.size()) return std::nullopt;
    return params;
}

// "/v1.44/x" -> 44 and "/x"; a path that only looks similar is left alone.
static std::optional<int> strip_version(std::string_view& path) {
    if (!path.starts_with("/v")) return std::nullopt;
    const size_t end = path.find('/', 1);
    if (end == std::string_view::npos) return std::nullopt;
    const auto [major, minor] = split_once(path.substr(2, end - 2), '.');
    if (major != "1" || !minor) return std::nullopt;
    const auto number = parse_int<int>(*minor);
    if (!number || *number < 0) return std::nullopt;
    path.remove_prefix(end);
    return number;
}

RouteMatch find_route(std::span<const Route> table,
                      std::string_view method,
                      std::string_view path) {
    RouteMatch match;
    if (const auto minor = strip_version(path)) {
        match.version = {*minor, true};
        const std::string asked = "1." + std::to_string(*minor);
        if (*minor < kOldestMinor) {
            match.detail =
                "client version " + asked + " is too old. Minimum supported API version is 1." +
                std::to_string(kOldestMinor) + ", please upgrade your client to a newer version";
        } else if (*minor > kNewestMinor) {
            match.detail = "client version " + asked +
                           " is too new. Maximum supported API version is 1." +
                           std::to_string(kNewestMinor);
        }
        if (!match.detail.empty()) {
            match.outcome = RouteMatch::Outcome::BadVersion;
            return match;
        }
    }
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    for (const Route& route : table) {
        auto params = match_pattern(route.pattern, path);
        if (!params) continue;
        const bool head = method == "HEAD" && route.method == "GET";
        if (route.method != method && !head) {
            match.outcome = RouteMatch::Outcome::UnknownMethod;
            continue;
        }
        match.outcome = RouteMatch::Outcome::Found;
        match.route = &route;
        match.params = std::move(*params);
        return match;
    }
    return match;
}

}  // namespace dhow::api
