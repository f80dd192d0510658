// SPDX-License-Identifier: Apache-2.0
// The --filter words that several kinds of objects share. Values are read by the front doors; what
// they mean is said here once. Pure.
#pragma once

#include "base/clock.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dhow::engine {

using Labels = std::map<std::string, std::string>;

// "KEY" or "KEY=VALUE".
bool has_label(const Labels& labels, const std::string& wanted);

// What a prune spares. All of `labels` must be there, none of `without_labels`.
struct PruneFilter {
    std::vector<std::string> labels;
    std::vector<std::string> without_labels;
    std::optional<UnixNanos> until;  // made before this

    [[nodiscard]] bool passes(const Labels& of_object, UnixNanos created_at) const;
};

}  // namespace dhow::engine
