// SPDX-License-Identifier: Apache-2.0
#include "base/cgroup_fs.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

namespace dhow {

static constexpr const char* kMountPoint = "/sys/fs/cgroup";

std::string CgroupHierarchy::own_folder() const {
    if (mount_root == "/") return own_path == "/" ? mount_point : mount_point + own_path;
    // The mount shows a part of the tree: a cgroup namespace, or a bind mount made by a container
    // engine. What lies outside it cannot be named.
    if (own_path == mount_root) return mount_point;
    if (own_path.starts_with(mount_root + "/")) {
        return mount_point + own_path.substr(mount_root.size());
    }
    return {};
}

const CgroupHierarchy* CgroupLayout::with_controller(std::string_view controller) const {
    for (const CgroupHierarchy& hierarchy : hierarchies) {
        const auto& names = hierarchy.controllers;
        if (std::find(names.begin(), names.end(), controller) != names.end()) return &hierarchy;
    }
    return nullptr;
}

const CgroupHierarchy* CgroupLayout::unified() const {
    for (const CgroupHierarchy& hierarchy : hierarchies) {
        if (hierarchy.v2) return &hierarchy;
    }
    return nullptr;
}

// mountinfo writes blanks and backslashes as three octal digits (proc(5)).
static std::string unescape(std::string_view text) {
    std::string plain;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto code = text[i] == '\\' && i + 3 < text.size()
                              ? parse_int<unsigned>(text.substr(i + 1, 3), 8)
                              : std::nullopt;
        plain += code ? static_cast<char>(*code) : text[i];
        if (code) i += 3;
    }
    return plain;
}

namespace {

struct OwnCgroup {
    std::vector<std::string> controllers;  // empty: v2
    std::string path;
};

}  // namespace

static std::vector<OwnCgroup> parse_self_cgroup(std::string_view text) {
    std::vector<OwnCgroup> own;
    for (const std::string& line : split(text, '\n')) {
        const size_t first = line.find(':');
        const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string names = line.substr(first + 1, second - first - 1);
        own.push_back({names.empty() ? std::vector<std::string>() : split(names, ','),
                       line.substr(second + 1)});
    }
    return own;
}

// "36 35 98:0 /root /mount/point rw,noatime shared:1 - cgroup cgroup rw,memory"
static std::optional<CgroupHierarchy> parse_mount_line(const std::string& line) {
    const size_t dash = line.find(" - cgroup");
    if (dash == std::string::npos) return std::nullopt;
    const auto head = split(std::string_view(line).substr(0, dash), ' ');
    const auto tail = split(std::string_view(line).substr(dash + 3), ' ');
    if (head.size() < 6 || tail.size() < 3) return std::nullopt;
    CgroupHierarchy hierarchy;
    hierarchy.v2 = tail[0] == "cgroup2";
    hierarchy.mount_root = unescape(head[3]);
    hierarchy.mount_point = unescape(head[4]);
    if (!hierarchy.v2) hierarchy.controllers = split(tail[2], ',');
    return hierarchy;
}

// The superblock options mix controllers with flags such as "rw" and "xattr": what
// /proc/self/cgroup lists for the same hierarchy tells them apart.
static bool settle_controllers(CgroupHierarchy& hierarchy, const std::vector<OwnCgroup>& own) {
    for (const OwnCgroup& candidate : own) {
        if (hierarchy.v2 != candidate.controllers.empty()) continue;
        const bool same = std::all_of(
            candidate.controllers.begin(), candidate.controllers.end(), [&](const auto& name) {
                const auto& options = hierarchy.controllers;
                return std::find(options.begin(), options.end(), name) != options.end();
            });
        if (!same) continue;
        hierarchy.controllers = candidate.controllers;
        hierarchy.own_path = candidate.path;
        return true;
    }
    return false;
}

static CgroupLayout layout_of(std::string_view mountinfo,
                              std::string_view self_cgroup,
                              bool (*shown)(const CgroupHierarchy&)) {
    const auto own = parse_self_cgroup(self_cgroup);
    CgroupLayout layout;
    bool v1 = false;
    bool v2 = false;
    for (const std::string& line : split(mountinfo, '\n')) {
        auto hierarchy = parse_mount_line(line);
        if (!hierarchy || !settle_controllers(*hierarchy, own)) continue;
        const bool known =
            std::any_of(layout.hierarchies.begin(), layout.hierarchies.end(), [&](const auto& h) {
                return h.v2 == hierarchy->v2 && h.controllers == hierarchy->controllers;
            });
        if (known || !shown(*hierarchy)) continue;  // mounted twice: the first mount serves
        (hierarchy->v2 ? v2 : v1) = true;
        layout.hierarchies.push_back(std::move(*hierarchy));
    }
    if (v1) {
        layout.mode = v2 ? CgroupMode::Hybrid : CgroupMode::V1;
    } else if (v2) {
        layout.mode = CgroupMode::V2;
    }
    return layout;
}

CgroupLayout parse_cgroup_layout(std::string_view mountinfo, std::string_view self_cgroup) {
    return layout_of(mountinfo, self_cgroup, [](const CgroupHierarchy&) { return true; });
}

// mountinfo also lists what a later mount covers, in a container that has its own /sys say.
static bool is_on_top(const CgroupHierarchy& hierarchy) {
    struct statfs fs {};

    const auto magic = hierarchy.v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
    return ::statfs(hierarchy.mount_point.c_str(), &fs) == 0 && fs.f_type == magic;
}

Result<CgroupLayout> detect_cgroups() {
    const auto self = read_file_at(AT_FDCWD, "/proc/self/cgroup");
    if (!self) return CgroupLayout{};
    CgroupLayout layout;

    struct statfs fs {};

    if (::statfs(kMountPoint, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC) {
        // The usual case needs no mountinfo, which can be long. Inside a cgroup namespace the paths
        // of /proc/self/cgroup are relative to what is mounted.
        layout = parse_cgroup_layout("0 0 0:0 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", *self);
    } else {
        const auto mounts = TRY(read_file_at(AT_FDCWD, "/proc/self/mountinfo"));
        layout = layout_of(mounts, *self, is_on_top);
    }
    for (CgroupHierarchy& hierarchy : layout.hierarchies) {
        if (!hierarchy.v2) continue;
        auto names = read_file_at(AT_FDCWD, hierarchy.mount_point + "/cgroup.controllers");
        if (names && !trim(*names).empty()) hierarchy.controllers = split(trim(*names), ' ');
    }
    return layout;
}

std::string_view cgroup_mode_name(CgroupMode mode) {
    switch (mode) {
        case CgroupMode::None:
            return "none";
        case CgroupMode::V1:
            return "v1";
        case CgroupMode::Hybrid:
            return "hybrid";
        case CgroupMode::V2:
            return "v2";
    }
    return "none";
}

}  // namespace dhow
