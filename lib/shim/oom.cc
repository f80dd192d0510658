// SPDX-License-Identifier: Apache-2.0
#include "shim/oom.h"

#include "base/file.h"
#include "base/text.h"

#include <optional>
#include <vector>

#include <fcntl.h>

namespace dhow::shim {

namespace {

constexpr size_t kLimit = 65536;

std::optional<uint64_t> count_kills(const std::string& path) {
    const auto text = read_file_at(AT_FDCWD, path, kLimit);
    if (!text) return std::nullopt;
    for (const std::string& line : split(*text, '\n')) {
        const auto [key, value] = split_once(line, ' ');
        if (key == "oom_kill" && value) return parse_int<uint64_t>(*value);
    }
    return std::nullopt;
}

// The files that may count for one line of /proc/PID/cgroup: "4:memory:/path" on v1, "0::/path" on
// v2, which is mounted below on a hybrid.
std::vector<std::string> candidates(const std::string& line) {
    const auto fields = split(line, ':');
    if (fields.size() != 3 || fields[2].find("..") != std::string::npos) return {};
    if (fields[1] == "memory") return {"/sys/fs/cgroup/memory" + fields[2] + "/memory.oom_control"};
    if (fields[0] != "0") return {};
    return {"/sys/fs/cgroup" + fields[2] + "/memory.events",
            "/sys/fs/cgroup/unified" + fields[2] + "/memory.events"};
}

bool has_line(std::string_view text, std::string_view line) {
    for (const std::string& other : split(text, '\n')) {
        if (other == line) return true;
    }
    return false;
}

}  // namespace

void OomWatch::begin(pid_t pid) {
    events_file_.clear();
    const auto ours = read_file_at(AT_FDCWD, "/proc/self/cgroup", kLimit);
    const auto theirs = read_file_at(AT_FDCWD, "/proc/" + std::to_string(pid) + "/cgroup", kLimit);
    if (!ours || !theirs) return;
    for (const std::string& line : split(*theirs, '\n')) {
        if (has_line(*ours, line)) continue;
        for (const std::string& path : candidates(line)) {
            const auto kills = count_kills(path);
            if (!kills) continue;
            events_file_ = path;
            kills_before_ = *kills;
            return;
        }
    }
}

bool OomWatch::killed() const {
    return !events_file_.empty() && count_kills(events_file_).value_or(0) > kills_before_;
}

}  // namespace dhow::shim
