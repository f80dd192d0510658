// SPDX-License-Identifier: Apache-2.0
// The rules a request header must meet before any parser sees it, so that no two parsers can read
// it differently: request smuggling needs such a difference. Pure; runs in the child of a
// connection. RFC 9112 sections 2.2, 3, 5.1, 5.2, 6.1, 6.3.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dhow::api {

struct HeaderFault {
    int status = 400;
    std::string reason;
};

// `block` ends with the empty line. nullopt: nothing is wrong with it.
std::optional<HeaderFault> find_header_fault(std::string_view block, size_t max_fields);

}  // namespace dhow::api
