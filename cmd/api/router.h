// SPDX-License-Identifier: Apache-2.0
// From method and path to a route: Docker's paths with and without a version, "{id}" for one path
// component, "{name...}" for an image name with slashes. Pure; the table itself is routes.cc.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dhow::api {

struct Call;
using Handler = void (*)(Call& call);

struct Route {
    std::string_view method;   // "GET" also answers HEAD
    std::string_view pattern;  // "/containers/{id}/start"
    Handler handler;
};

using Params = std::map<std::string, std::string>;

// The API version a path asks for, "/v1.44/...": major is always 1.
struct ApiVersion {
    int minor = 44;
    bool given = false;
};

inline constexpr int kOldestMinor = 24;
inline constexpr int kNewestMinor = 44;

struct RouteMatch {
    enum class Outcome { Found, UnknownPath, UnknownMethod, BadVersion };
    Outcome outcome = Outcome::UnknownPath;
    const Route* route = nullptr;
    Params params;
    ApiVersion version;
    std::string detail;  // for BadVersion: the sentence Docker's clients know
};

RouteMatch find_route(std::span<const Route> table, std::string_view method, std::string_view path);
// One pattern against an already unversioned path; nullopt: no match or a malformed escape.
std::optional<Params> match_pattern(std::string_view pattern, std::string_view path);

}  // namespace dhow::api
