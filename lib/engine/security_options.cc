// SPDX-License-Identifier: Apache-2.0
#include "engine/security_options.h"

#include "base/text.h"

namespace dhow::engine {

static void append(std::vector<std::string>& list, std::string_view colon_separated) {
    for (std::string& path : split(colon_separated, ':')) {
        if (!path.empty()) list.push_back(std::move(path));
    }
}

SecurityOptions parse_security_options(const std::vector<std::string>& options) {
    SecurityOptions parsed;
    for (const std::string& option : options) {
        const size_t at = option.find_first_of("=:");
        const std::string name = option.substr(0, at);
        const std::string value = at == std::string::npos ? "" : option.substr(at + 1);
        if (name == "no-new-privileges") parsed.no_new_privileges = value != "false";
        if (name == "seccomp") parsed.seccomp = value;
        if (name == "apparmor") parsed.apparmor = value;
        if (name == "mask") append(parsed.mask, value);
        if (name == "unmask") append(parsed.unmask, value);
    }
    return parsed;
}

}  // namespace dhow::engine
