// SPDX-License-Identifier: Apache-2.0
// The life of a container's cgroup after its start: list, freeze, signal, remove
// (oci/runtime/cgroup/cgroup.h).
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "oci/runtime/cgroup/cgroup.h"
#include "oci/runtime/cgroup/cgroup_unit.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {

static constexpr int kTries = 200;
static constexpr int kPauseMs = 5;

static void pause_briefly() {
    ::poll(nullptr, 0, kPauseMs);
}

static std::vector<std::string> subgroups(const std::string& folder) {
    std::vector<std::string> found;
    auto names = list_dir_at(AT_FDCWD, folder);
    if (!names) return found;
    for (const std::string& name : *names) {
        struct stat st {};

        const std::string path = folder + "/" + name;
        if (::lstat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) found.push_back(path);
    }
    return found;
}

static void collect_pids(const std::string& folder, std::vector<pid_t>& pids) {
    if (const auto text = read_file_at(AT_FDCWD, folder + "/cgroup.procs")) {
        for (const std::string& line : split(*text, '\n')) {
            if (const auto pid = parse_int<pid_t>(line); pid && *pid > 0) pids.push_back(*pid);
        }
    }
    for (const std::string& below : subgroups(folder)) collect_pids(below, pids);
}

// One place tells all: the processes of a container are in the same groups of every hierarchy.
static const CgroupPlace* telling_place(const ContainerCgroup& cgroup) {
    if (const CgroupPlace* place = cgroup.unified()) return place;
    if (const CgroupPlace* place = cgroup.with_controller("freezer")) return place;
    return cgroup.places.empty() ? nullptr : &cgroup.places.front();
}

Result<std::vector<pid_t>> cgroup_pids(const ContainerCgroup& cgroup) {
    std::vector<pid_t> pids;
    const CgroupPlace* place = telling_place(cgroup);
    if (place == nullptr) {
        return make_error(ErrorKind::Unsupported, "list processes: the container has no cgroup");
    }
    collect_pids(place->folder, pids);
    std::sort(pids.begin(), pids.end());
    return pids;
}

static Status freeze_v2(const CgroupPlace& place, bool frozen) {
    TRY(write_existing_at(AT_FDCWD, place.folder + "/cgroup.freeze", frozen ? "1" : "0"));
    const std::string done = frozen ? "frozen 1" : "frozen 0";
    for (int i = 0; i < kTries; ++i) {
        const auto events = TRY(read_file_at(AT_FDCWD, place.folder + "/cgroup.events"));
        if (events.find(done) != std::string::npos) return {};
        pause_briefly();
    }
    return make_error(ErrorKind::Timeout, "freeze cgroup '" + place.folder + "'");
}

static Status freeze_v1(const CgroupPlace& place, bool frozen) {
    const std::string wanted = frozen ? "FROZEN" : "THAWED";
    for (int i = 0; i < kTries; ++i) {
        TRY(write_existing_at(AT_FDCWD, place.folder + "/freezer.state", wanted));
        const auto state = TRY(read_file_at(AT_FDCWD, place.folder + "/freezer.state"));
        if (trim(state) == wanted) return {};
        pause_briefly();
    }
    return make_error(ErrorKind::Timeout, "freeze cgroup '" + place.folder + "'");
}

Status set_frozen(const ContainerCgroup& cgroup, bool frozen) {
    if (const CgroupPlace* place = cgroup.unified()) return freeze_v2(*place, frozen);
    if (const CgroupPlace* place = cgroup.with_controller("freezer")) {
        return freeze_v1(*place, frozen);
    }
    return make_error(ErrorKind::Unsupported,
                      std::string(frozen ? "pause" : "resume") +
                          " container: it has no cgroup that can be frozen");
}

bool is_frozen(const ContainerCgroup& cgroup) {
    if (const CgroupPlace* place = cgroup.unified()) {
        const auto text = read_file_at(AT_FDCWD, place->folder + "/cgroup.freeze");
        return text && trim(*text) == "1";
    }
    if (const CgroupPlace* place = cgroup.with_controller("freezer")) {
        const auto text = read_file_at(AT_FDCWD, place->folder + "/freezer.state");
        return text && trim(*text) != "THAWED";
    }
    return false;
}

static void signal_each(const std::vector<pid_t>& pids, int signal) {
    for (const pid_t pid : pids) {
        const auto process = open_pidfd(pid);
        if (process) ignore(signal_process(process->get(), signal), "may have ended meanwhile");
    }
}

Status signal_cgroup(const ContainerCgroup& cgroup, int signal) {
    const CgroupPlace* unified = cgroup.unified();
    if (signal == SIGKILL && unified != nullptr &&
        write_existing_at(AT_FDCWD, unified->folder + "/cgroup.kill", "1")) {
        return {};
    }
    // Frozen processes cannot fork, so that one pass reaches all; a kill takes effect on thawing.
    const bool was_frozen = is_frozen(cgroup);
    const bool froze = was_frozen || set_frozen(cgroup, true).has_value();
    const auto pids = TRY(cgroup_pids(cgroup));
    signal_each(pids, signal);
    if (froze && (!was_frozen || signal == SIGKILL)) TRY(set_frozen(cgroup, false));
    return {};
}

static Status remove_group(const std::string& folder) {
    for (const std::string& below : subgroups(folder)) TRY(remove_group(below));
    for (int i = 0; i < kTries; ++i) {
        if (::rmdir(folder.c_str()) == 0 || errno == ENOENT) return {};
        if (errno != EBUSY && errno != EINTR) break;
        pause_briefly();  // the last process is still being taken down
    }
    return system_error("remove cgroup '" + folder + "'");
}

static bool becomes_idle(const CgroupPlace& place) {
    for (int i = 0; i < kTries; ++i) {
        std::vector<pid_t> pids;
        collect_pids(place.folder, pids);
        if (pids.empty()) return true;
        pause_briefly();
    }
    return false;
}

Status remove_idle_cgroup(const CgroupLayout& layout, const std::string& path) {
    auto cgroup = TRY(cgroup_places(layout, path));
    std::erase_if(cgroup.places, [](const CgroupPlace& place) { return !becomes_idle(place); });
    return destroy_cgroup(cgroup);
}

Status destroy_cgroup(const ContainerCgroup& cgroup) {
    Status result;
    // Whether or not systemd is there to be told, a group without processes goes.
    if (!cgroup.unit.empty()) ignore(stop_scope(cgroup), "removing the groups tells");
    for (const CgroupPlace& place : cgroup.places) {
        if (::rmdir(place.folder.c_str()) == 0 || errno == ENOENT) continue;
        auto removed = remove_group(place.folder);
        if (!removed && result) result = std::move(removed);
    }
    return result;
}

}  // namespace dhow::oci
