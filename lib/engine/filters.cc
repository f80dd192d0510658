// SPDX-License-Identifier: Apache-2.0
#include "engine/filters.h"

#include "base/text.h"

#include <algorithm>

namespace dhow::engine {

bool has_label(const Labels& labels, const std::string& wanted) {
    const auto [key, value] = split_once(wanted, '=');
    const auto found = labels.find(std::string(key));
    return found != labels.end() && (!value || found->second == *value);
}

bool PruneFilter::passes(const Labels& of_object, UnixNanos created_at) const {
    const auto there = [&](const std::string& label) { return has_label(of_object, label); };
    if (!std::all_of(labels.begin(), labels.end(), there)) return false;
    if (std::any_of(without_labels.begin(), without_labels.end(), there)) return false;
    return !until || created_at < *until;
}

}  // namespace dhow::engine
