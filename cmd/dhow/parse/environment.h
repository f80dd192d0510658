// SPDX-License-Identifier: Apache-2.0
// -e, --env-file, -l, --label-file, --annotation: pairs of name and value. The caller's own
// environment is read only where the user names a variable ("-e HOME", "-e 'LC_*'"), never because
// an image asks for it.
#pragma once

#include "base/result.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::cli {

// The environment that "-e K" imports from, as "K=V".
using HostEnvironment = std::vector<std::string>;
HostEnvironment own_environment();

// Appends what one -e says: "K=V", "K" (imported, nothing when unset), "PREFIX*" (all that match).
Status add_env(std::string_view text, const HostEnvironment& host, std::vector<std::string>& env);
// The lines of an --env-file: '#' begins a comment line, blank lines are skipped, no quoting.
Status add_env_file(std::string_view content,
                    const HostEnvironment& host,
                    std::vector<std::string>& env);
// Later entries replace earlier ones of the same name; the order of first mention stays.
std::vector<std::string> last_of_each(const std::vector<std::string>& env);

// "key=value" or "key"; `what` is "label" or "annotation".
Status add_pair(std::string_view text,
                std::string_view what,
                std::map<std::string, std::string>& pairs);
Status add_pair_file(std::string_view content,
                     std::string_view what,
                     std::map<std::string, std::string>& pairs);

}  // namespace dhow::cli
