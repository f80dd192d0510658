// SPDX-License-Identifier: Apache-2.0
#include "engine/siblings.h"

#include "base/process.h"

#include <unistd.h>

namespace dhow::engine {

static constexpr std::string_view kSystemPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

Result<std::string> find_sibling(std::string_view name) {
    return find_helper(std::string(name));
}

Result<std::string> find_runtime(const std::string& name) {
    if (name.empty() || name == "dhow-runtime") return find_sibling("dhow-runtime");
    if (name.find('/') != std::string::npos) {
        if (::access(name.c_str(), X_OK) == 0) return name;
        return system_error("use runtime '" + name + "'");
    }
    auto found = find_program(name, kSystemPath);
    if (found) return found;
    return make_error(ErrorKind::InvalidArgument,
                      "runtime '" + name + "' not found in '" + std::string(kSystemPath) + "'",
                      "install it, or give --runtime an absolute path");
}

}  // namespace dhow::engine
