// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/host_mounts.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <vector>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

namespace dhow::oci {

namespace {

// A line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
struct Entry {
    uint64_t id = 0;
    uint64_t parent = 0;
    std::string root;
    std::string place;  // as it is written there, with octal escapes
    std::string type;
};

std::optional<Entry> parse(const std::string& line) {
    const auto fields = split(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 6 || fields.end() - dash < 2) return std::nullopt;
    const auto id = parse_int<uint64_t>(fields[0]);
    const auto parent = parse_int<uint64_t>(fields[1]);
    if (!id || !parent) return std::nullopt;
    return Entry{*id, *parent, fields[3], fields[4], *(dash + 1)};
}

Result<uint64_t> mount_id(int fd) {
    struct statx status {};

    if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0) {
        return system_error("inspect the root's mount");
    }
    return status.stx_mnt_id;
}

Result<std::vector<Entry>> read_mounts() {
    const auto text = TRY(read_file_at(AT_FDCWD, "/proc/self/mountinfo"));
    std::vector<Entry> entries;
    for (const std::string& line : split(text, '\n')) {
        if (auto entry = parse(line)) entries.push_back(std::move(*entry));
    }
    return entries;
}

// `root` and all that is mounted below it. A mount can be listed before the one it is on.
std::set<uint64_t> mounts_of(const std::vector<Entry>& entries, uint64_t root) {
    std::set<uint64_t> ours = {root};
    for (bool grew = true; grew;) {
        grew = false;
        for (const Entry& entry : entries) {
            grew |= ours.contains(entry.parent) && ours.insert(entry.id).second;
        }
    }
    return ours;
}

Status hide(const std::string& place) {
    if (::umount2(place.c_str(), MNT_DETACH) == 0 || errno == ENOENT) return {};
    // One that came with a user namespace is locked to what it is on; then it is covered, and
    // counts as whole no more.
    if (::mount("tmpfs", place.c_str(), "tmpfs", MS_RDONLY, "size=0,nr_inodes=1") == 0) return {};
    if (errno == ENOENT) return {};  // it went with what it was on
    return system_error("hide '" + printable(place) + "' of the host");
}

}  // namespace

Status hide_host_mounts(const RootDir& root) {
    const auto entries = TRY(read_mounts());
    const auto ours = mounts_of(entries, TRY(mount_id(root.fd())));
    for (const Entry& entry : entries) {
        const bool revealing = entry.root == "/" && (entry.type == "proc" || entry.type == "sysfs");
        if (!revealing || ours.contains(entry.id)) continue;
        TRY(hide(entry.place));
    }
    return {};
}

}  // namespace dhow::oci
