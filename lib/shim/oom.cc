// SPDX-License-Identifier: Apache-2.0
#include "shim/oom.h"

#include "base/file.h"
#include "base/text.h"

#include <string>

#include <fcntl.h>

namespace dhow::shim {

static bool counts_kills(const std::string& path) {
    const auto text = read_file_at(AT_FDCWD, path, 65536);
    if (!text) return false;
    for (const std::string& line : split(*text, '\n')) {
        const auto [key, value] = split_once(line, ' ');
        if (key != "oom_kill" || !value) continue;
        return parse_int<uint64_t>(*value).value_or(0) > 0;
    }
    return false;
}

bool oom_killed(pid_t pid) {
    const auto cgroups = read_file_at(AT_FDCWD, "/proc/" + std::to_string(pid) + "/cgroup", 65536);
    if (!cgroups) return false;
    for (const std::string& line : split(*cgroups, '\n')) {
        // "4:memory:/path" on v1, "0::/path" on v2.
        const auto fields = split(line, ':');
        if (fields.size() < 3 || fields[2].find("..") != std::string::npos) continue;
        if (fields[1] == "memory" &&
            counts_kills("/sys/fs/cgroup/memory" + fields[2] + "/memory.oom_control")) {
            return true;
        }
        if (fields[0] == "0" && counts_kills("/sys/fs/cgroup" + fields[2] + "/memory.events")) {
            return true;
        }
    }
    return false;
}

}  // namespace dhow::shim
