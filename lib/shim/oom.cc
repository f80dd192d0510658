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
    return text ? parse_oom_kills(*text) : std::nullopt;
}

// Seen from another cgroup namespace, a group outside of it begins with "/..": no path of ours.
bool leads_outside(std::string_view path) {
    for (const std::string& component : split(path, '/')) {
        if (component == "..") return true;
    }
    return false;
}

bool has_line(std::string_view text, std::string_view line) {
    for (const std::string& other : split(text, '\n')) {
        if (other == line) return true;
    }
    return false;
}

}  // namespace

std::vector<std::string> oom_event_files(std::string_view cgroup_line) {
    // Names of groups may hold colons, those of controllers may not.
    const auto [id, rest] = split_once(cgroup_line, ':');
    if (!rest) return {};
    const auto [controllers, group] = split_once(*rest, ':');
    if (!group || !group->starts_with('/') || leads_outside(*group)) return {};
    const std::string path(*group);
    if (controllers == "memory") return {"/sys/fs/cgroup/memory" + path + "/memory.oom_control"};
    if (id != "0" || !controllers.empty()) return {};
    return {"/sys/fs/cgroup" + path + "/memory.events",
            "/sys/fs/cgroup/unified" + path + "/memory.events"};
}

std::optional<uint64_t> parse_oom_kills(std::string_view events) {
    for (const std::string& line : split(events, '\n')) {
        const auto [key, value] = split_once(line, ' ');
        if (key == "oom_kill" && value) return parse_int<uint64_t>(*value);
    }
    return std::nullopt;
}

void OomWatch::begin(pid_t pid) {
    events_file_.clear();
    const auto ours = read_file_at(AT_FDCWD, "/proc/self/cgroup", kLimit);
    const auto theirs = read_file_at(AT_FDCWD, "/proc/" + std::to_string(pid) + "/cgroup", kLimit);
    if (!ours || !theirs) return;
    for (const std::string& line : split(*theirs, '\n')) {
        if (has_line(*ours, line)) continue;
        for (const std::string& path : oom_event_files(line)) {
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
