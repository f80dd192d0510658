// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/process/environment.h"

#include "base/root_dir.h"
#include "base/text.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace dhow::oci {

std::vector<std::string> without_duplicates(const std::vector<std::string>& env) {
    std::vector<std::string> kept;
    kept.reserve(env.size() + 1);
    std::unordered_set<std::string_view> seen;
    for (auto entry = env.rbegin(); entry != env.rend(); ++entry) {
        const auto [name, value] = split_once(*entry, '=');
        if (seen.insert(std::string_view(*entry).substr(0, name.size())).second) {
            kept.push_back(*entry);
        }
    }
    std::reverse(kept.begin(), kept.end());
    return kept;
}

std::vector<std::string> environment_of(const Process& process) {
    auto env = without_duplicates(process.env);
    std::erase(env, "HOME=");
    const bool has_home = std::any_of(env.begin(), env.end(), [](const std::string& entry) {
        return entry.starts_with("HOME=");
    });
    if (!has_home) env.push_back("HOME=" + home_of(process.user.uid));
    return env;
}

std::string home_of(uint32_t uid) {
    constexpr size_t kLargest = 1U << 20U;
    const auto root = RootDir::open("/");
    if (!root) return "/";
    const auto text = root->read_file("/etc/passwd", kLargest);
    if (!text) return "/";
    for (const std::string& line : split(*text, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() >= 6 && parse_int<uint32_t>(fields[2]) == uid && !fields[5].empty()) {
            return fields[5];
        }
    }
    return "/";
}

}  // namespace dhow::oci
