// SPDX-License-Identifier: Apache-2.0
// Making and joining a container's cgroup; its limits are cgroup_apply.cc, its life afterwards is
// cgroup_life.cc.
#include "oci/runtime/cgroup/cgroup.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/cgroup/cgroup_limits.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {

const CgroupPlace* ContainerCgroup::with_controller(std::string_view controller) const {
    for (const CgroupPlace& place : places) {
        if (place.beside) continue;
        const auto& names = place.controllers;
        if (std::find(names.begin(), names.end(), controller) != names.end()) return &place;
    }
    return nullptr;
}

const CgroupPlace* ContainerCgroup::unified() const {
    for (const CgroupPlace& place : places) {
        if (place.v2 && !place.beside) return &place;
    }
    return nullptr;
}

bool has_limits(const Resources& resources) {
    Resources limits = resources;
    limits.devices.clear();  // within a user namespace nobody can make a device node anyway
    const auto writes = limits_v1(limits);
    if (!writes) return true;
    return std::any_of(writes->begin(), writes->end(), [](const CgroupWrite& write) {
        return !is_no_limit(write.value);
    });
}

Result<std::string> cgroup_relative_path(const CgroupRequest& request) {
    const std::string path = request.path.empty() ? "/" + request.id : request.path;
    const auto refuse = [&] {
        return make_error(ErrorKind::InvalidArgument,
                          "invalid cgroupsPath '" + printable(request.path) + "'");
    };
    std::string clean(path.starts_with('/') ? "/" : "");
    for (const std::string& name : split(path, '/')) {
        if (name == "..") return refuse();
        if (name.empty() || name == ".") continue;
        if (!clean.empty() && clean.back() != '/') clean += '/';
        clean += name;
    }
    if (clean.empty() || clean == "/") return refuse();
    return clean;
}

// cpuset groups of version 1 are born without processors and memory nodes, and take no process; so
// may those above, that somebody else has made.
static Status inherit_cpuset(const CgroupPlace& place, const std::string& folder) {
    if (folder.size() <= place.mount_point.size()) return {};
    const std::string parent = folder.substr(0, folder.rfind('/'));
    for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
        const auto current = TRY(read_file_at(AT_FDCWD, folder + file));
        if (!trim(current).empty()) continue;
        auto above = TRY(read_file_at(AT_FDCWD, parent + file));
        if (trim(above).empty()) {
            TRY(inherit_cpuset(place, parent));
            above = TRY(read_file_at(AT_FDCWD, parent + file));
        }
        TRY(write_existing_at(AT_FDCWD, folder + file, trim(above)));
    }
    return {};
}

// A group that processes live in already is not this container's alone: its limits would become
// theirs, and deleting the container would end them. In a frozen one nothing would ever start.
Status refuse_occupied(const CgroupPlace& place) {
    ContainerCgroup alone;
    alone.places.push_back(place);
    const auto refuse = [&place](const char* why) {
        return make_error(ErrorKind::Conflict, "create cgroup '" + place.folder + "': " + why);
    };
    if (!exists_at(AT_FDCWD, place.folder)) return {};
    const auto pids = TRY(cgroup_pids(alone));
    if (!pids.empty()) {
        return refuse("container's cgroup is not empty: it has processes already");
    }
    if (is_frozen(alone)) return refuse("container's cgroup unexpectedly frozen");
    return {};
}

static Status make_missing(const CgroupPlace& place) {
    for (size_t at = place.mount_point.size(); at != std::string::npos;) {
        at = place.folder.find('/', at + 1);
        const std::string prefix = place.folder.substr(0, at);
        if (::mkdir(prefix.c_str(), 0755) != 0 && errno != EEXIST) {
            return system_error("create cgroup '" + prefix + "'");
        }
    }
    return {};
}

static Status make_folder(const CgroupPlace& place) {
    if (::mkdir(place.folder.c_str(), 0755) == 0) return {};
    if (errno == EEXIST) return refuse_occupied(place);
    if (errno == ENOENT) return make_missing(place);
    return system_error("create cgroup '" + place.folder + "'");
}

static Status make_v1_folder(const CgroupPlace& place) {
    const bool cpuset = std::find(place.controllers.begin(), place.controllers.end(), "cpuset") !=
                        place.controllers.end();
    TRY(make_folder(place));
    return cpuset ? inherit_cpuset(place, place.folder) : Status();
}

static bool lists(std::string_view words, const std::string& word) {
    const auto list = split(trim(words), ' ');
    return std::find(list.begin(), list.end(), word) != list.end();
}

// Hands controllers down from the mount point to the parent of `folder`, as far as they go.
static void delegate_controllers(const CgroupPlace& place) {
    for (size_t at = place.mount_point.size(); at < place.folder.size();) {
        const std::string above = place.folder.substr(0, at);
        const auto have = read_file_at(AT_FDCWD, above + "/cgroup.controllers");
        const auto handed = read_file_at(AT_FDCWD, above + "/cgroup.subtree_control");
        for (const std::string& controller : place.controllers) {
            if (!have || !handed || !lists(*have, controller) || lists(*handed, controller))
                continue;
            ignore(write_existing_at(AT_FDCWD, above + "/cgroup.subtree_control", "+" + controller),
                   "whether a limit needs it is seen when that limit is written");
        }
        const size_t next = place.folder.find('/', at + 1);
        at = next == std::string::npos ? place.folder.size() : next;
    }
}

static Status hand_down(const CgroupPlace& place) {
    if (place.beside) return {};
    const auto have = TRY(read_file_at(AT_FDCWD, place.folder + "/cgroup.controllers"));
    const bool all = std::all_of(place.controllers.begin(),
                                 place.controllers.end(),
                                 [&](const auto& name) { return lists(have, name); });
    if (!all) delegate_controllers(place);
    return {};
}

static Status make_v2_folder(const CgroupPlace& place) {
    TRY(make_folder(place));
    return hand_down(place);
}

Status adopt_cgroup(const ContainerCgroup& cgroup) {
    for (const CgroupPlace& place : cgroup.places) {
        TRY(make_missing(place));
        if (place.v2) {
            TRY(hand_down(place));
            continue;
        }
        const auto& names = place.controllers;
        if (std::find(names.begin(), names.end(), "cpuset") != names.end()) {
            TRY(inherit_cpuset(place, place.folder));
        }
    }
    return {};
}

static Result<std::optional<CgroupPlace>> place_in(const CgroupHierarchy& hierarchy,
                                                   const std::string& path) {
    CgroupPlace place;
    place.v2 = hierarchy.v2;
    place.controllers = hierarchy.controllers;
    place.mount_point = hierarchy.mount_point;
    if (path.starts_with('/')) {
        place.folder = hierarchy.mount_point + path;
    } else {
        const std::string own = hierarchy.own_folder();
        if (own.empty()) return std::optional<CgroupPlace>();
        place.folder = own + "/" + path;
    }
    return std::optional(std::move(place));
}

Result<ContainerCgroup> cgroup_places(const CgroupLayout& layout, const std::string& path) {
    ContainerCgroup cgroup;
    for (const CgroupHierarchy& hierarchy : layout.hierarchies) {
        auto place = TRY(place_in(hierarchy, path));
        if (!place) continue;
        place->beside = place->v2 && layout.mode == CgroupMode::Hybrid;
        cgroup.places.push_back(std::move(*place));
    }
    return cgroup;
}

Result<ContainerCgroup> create_cgroup(const CgroupLayout& layout, const CgroupRequest& request) {
    const auto path = TRY(cgroup_relative_path(request));
    auto wanted = TRY(cgroup_places(layout, path));
    ContainerCgroup cgroup;
    Status made;
    for (CgroupPlace& place : wanted.places) {
        auto one = place.v2 ? make_v2_folder(place) : make_v1_folder(place);
        if (one) {
            cgroup.places.push_back(std::move(place));
        } else if (made && !place.beside) {
            made = std::move(one);
        }
    }
    if (made) return cgroup;
    const int code = made.error().sys_errno;
    const bool forbidden = code == EACCES || code == EPERM || code == EROFS || code == ENOENT;
    const bool limited = request.resources != nullptr && has_limits(*request.resources);
    if (request.optional && forbidden && !limited) return cgroup;
    ignore(destroy_cgroup(cgroup), "the first error is the one to tell");
    return std::move(made).error();
}

Status delegate_cgroup(const ContainerCgroup& cgroup, uid_t uid) {
    const CgroupPlace* place = cgroup.unified();
    if (place == nullptr) return {};
    const auto list = read_file_at(AT_FDCWD, "/sys/kernel/cgroup/delegate");
    auto names = split(list ? *list : "cgroup.procs\ncgroup.threads\ncgroup.subtree_control", '\n');
    names.emplace_back();  // the folder itself; of the names the last is empty as well
    for (const std::string& name : names) {
        const std::string path = place->folder + "/" + name;
        if (::chown(path.c_str(), uid, static_cast<gid_t>(-1)) != 0 && errno != ENOENT) {
            return system_error("give '" + path + "' to user " + std::to_string(uid));
        }
    }
    return {};
}

Result<UniqueFd> open_unified(const ContainerCgroup& cgroup) {
    for (const CgroupPlace& place : cgroup.places) {
        if (place.v2) return open_at(AT_FDCWD, place.folder, O_PATH | O_DIRECTORY);
    }
    return UniqueFd();
}

Result<UniqueFd> open_unified_of(const ContainerCgroup& cgroup, pid_t pid) {
    const auto text = TRY(read_file_at(AT_FDCWD, "/proc/" + std::to_string(pid) + "/cgroup"));
    for (const CgroupPlace& place : cgroup.places) {
        if (!place.v2) continue;
        for (const std::string& line : split(text, '\n')) {
            if (!line.starts_with("0::/")) continue;
            return open_at(AT_FDCWD, place.mount_point + line.substr(3), O_PATH | O_DIRECTORY);
        }
    }
    return make_error(ErrorKind::NotFound, "the container has no cgroup of version 2");
}

Status join_cgroup(const ContainerCgroup& cgroup, pid_t pid, bool unified) {
    for (const CgroupPlace& place : cgroup.places) {
        if (place.v2 && !unified) continue;
        TRY_CONTEXT(
            write_existing_at(AT_FDCWD, place.folder + "/cgroup.procs", std::to_string(pid)),
            "join cgroup '" + place.folder + "'");
    }
    return {};
}

}  // namespace dhow::oci
