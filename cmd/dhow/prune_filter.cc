// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/prune_filter.h"

#include "base/text.h"
#include "cmd/dhow/parse/times.h"

namespace dhow::cli {

Result<engine::PruneFilter> parse_prune_filter(const std::vector<std::string>& texts,
                                               UnixNanos now) {
    engine::PruneFilter filter;
    for (const std::string& text : texts) {
        const auto [key, value] = split_once(text, '=');
        if (value && key == "label") {
            filter.labels.emplace_back(*value);
        } else if (value && key == "label!") {
            filter.without_labels.emplace_back(*value);
        } else if (value && key == "until") {
            filter.until = TRY_CONTEXT(parse_time(*value, now), "--filter until");
        } else {
            return make_error(ErrorKind::InvalidArgument,
                              "invalid filter '" + printable(text) + "'",
                              "use label=KEY[=VALUE], label!=KEY[=VALUE] or until=TIME");
        }
    }
    return filter;
}

std::string removed_lines(const engine::Pruned& pruned) {
    std::string lines;
    for (const std::string& removed : pruned.removed) lines += removed + "\n";
    return lines;
}

}  // namespace dhow::cli
