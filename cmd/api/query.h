// SPDX-License-Identifier: Apache-2.0
// Query strings and Docker's `filters` parameter, decoded. Pure; runs in the child of a connection.
// Docker's clients write them as Go's net/url does (application/x-www-form-urlencoded).
#pragma once

#include "base/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::api {

// %XX decoded; nullopt for a malformed escape or a NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);
// All bytes but unreserved ones escaped.
std::string percent_encode(std::string_view text);

class Query {
  public:
    static Result<Query> parse(std::string_view text);

    [[nodiscard]] bool has(std::string_view name) const {
        return values_.contains(std::string(name));
    }

    // The first value; empty when it is missing.
    [[nodiscard]] std::string get(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
    // Docker's truth: everything but "", "0", "no", "false", "none" is true.
    [[nodiscard]] bool flag(std::string_view name, bool missing = false) const;
    // nullopt when missing or empty; an error for what is no whole number.
    [[nodiscard]] Result<std::optional<int64_t>> number(std::string_view name) const;

  private:
    std::map<std::string, std::vector<std::string>> values_;
};

using Filters = std::map<std::string, std::vector<std::string>>;
// {"label":["a=b"]} as well as the older {"label":{"a=b":true}}; empty text gives none.
Result<Filters> parse_filters(std::string_view text);

}  // namespace dhow::api
