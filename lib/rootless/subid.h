// SPDX-License-Identifier: Apache-2.0
// Subordinate ids: the ranges of /etc/subuid and /etc/subgid that belong to one user (subuid(5)). A
// line names its owner by login name or by number. Lines that are not of that form belong to
// nobody, as newuidmap(1) sees them; sizes are bounded.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::rootless {

struct SubIdRange {
    uint32_t start = 0;
    uint32_t count = 0;

    bool operator==(const SubIdRange&) const = default;
};

struct User {
    std::string name;  // empty: the uid has no name
    uint32_t uid = 0;
    uint32_t gid = 0;
};

// The ranges of `user`, in the file's order; empty when there are none. Ranges that overlap an
// earlier one of the same user are left out: the kernel refuses maps that overlap.
std::vector<SubIdRange> parse_subids(std::string_view text, const User& user);

// Reads `path`; NotFound, with the command that adds ranges, when `user` has none.
Result<std::vector<SubIdRange>> read_subids(const std::string& path, const User& user);

// The user this process belongs to, by its real uid.
User current_user();

}  // namespace dhow::rootless
