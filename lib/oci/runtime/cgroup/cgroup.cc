// SPDX-License-Identifier: Apache-2.0
// Making, joining and limiting a container's cgroup; its life afterwards is cgroup_life.cc.
#include "oci/runtime/cgroup/cgroup.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/cgroup/cgroup_limits.h"
#include "oci/runtime/cgroup/device_filter.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {

const CgroupPlace* ContainerCgroup::with_controller(std::string_view controller) const {
    for (const CgroupPlace& place : places) {
        const auto& names = place.controllers;
        if (std::find(names.begin(), names.end(), controller) != names.end()) return &place;
    }
    return nullptr;
}

const CgroupPlace* ContainerCgroup::unified() const {
    for (const CgroupPlace& place : places) {
        if (place.v2) return &place;
    }
    return nullptr;
}

// Callers write their "unlimited" down (podman --pids-limit 0): without the controller it holds.
static bool is_no_limit(const std::string& value) {
    return value == "max" || value == "-1" || value.starts_with("max ");
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

// "user-1.slice" lives in "user.slice": each dash opens a level (systemd.slice(5)).
static std::string expand_slice(const std::string& slice) {
    std::string path;
    if (slice.empty() || slice == "-.slice") return path;
    const std::string stem = slice.substr(0, slice.size() - std::string(".slice").size());
    for (size_t dash = stem.find('-'); dash != std::string::npos; dash = stem.find('-', dash + 1)) {
        path += "/" + stem.substr(0, dash) + ".slice";
    }
    return path + "/" + slice;
}

Result<std::string> cgroup_relative_path(const CgroupRequest& request) {
    std::string path = request.path.empty() ? "/" + request.id : request.path;
    const auto refuse = [&] {
        return make_error(ErrorKind::InvalidArgument,
                          "invalid cgroupsPath '" + printable(request.path) + "'");
    };
    if (request.systemd) {
        auto parts = request.path.empty() ? std::vector<std::string>{"", "dhow", request.id}
                                          : split(request.path, ':');
        if (parts.size() != 3) return refuse();
        if (parts[0].empty()) parts[0] = "system.slice";
        if (!parts[0].ends_with(".slice")) return refuse();
        const bool whole = parts[2].ends_with(".slice");
        path = expand_slice(parts[0]) + "/" +
               (whole ? parts[2] : parts[1] + "-" + parts[2] + ".scope");
    }
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

// cpuset groups of version 1 are born without processors and memory nodes, and take no process.
static Status inherit_cpuset(const std::string& folder) {
    const std::string parent = folder.substr(0, folder.rfind('/'));
    for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
        const auto current = TRY(read_file_at(AT_FDCWD, folder + file));
        if (!trim(current).empty()) continue;
        const auto above = TRY(read_file_at(AT_FDCWD, parent + file));
        TRY(write_existing_at(AT_FDCWD, folder + file, trim(above)));
    }
    return {};
}

// A group that processes live in already is not this container's alone: its limits would become
// theirs, and deleting the container would end them.
static Status refuse_inhabited(const CgroupPlace& place) {
    ContainerCgroup alone;
    alone.places.push_back(place);
    const auto pids = TRY(cgroup_pids(alone));
    if (pids.empty()) return {};
    return make_error(ErrorKind::Conflict,
                      "create cgroup '" + place.folder + "': it has processes already");
}

static Status make_v1_folder(const CgroupPlace& place) {
    const bool cpuset = std::find(place.controllers.begin(), place.controllers.end(), "cpuset") !=
                        place.controllers.end();
    if (::mkdir(place.folder.c_str(), 0755) == 0) {
        return cpuset ? inherit_cpuset(place.folder) : Status();
    }
    if (errno == EEXIST) {
        TRY(refuse_inhabited(place));
    } else if (errno != ENOENT) {
        return system_error("create cgroup '" + place.folder + "'");
    }
    for (size_t at = place.mount_point.size() + 1; at != std::string::npos;) {
        at = place.folder.find('/', at + 1);
        const std::string prefix = place.folder.substr(0, at);
        if (::mkdir(prefix.c_str(), 0755) != 0 && errno != EEXIST) {
            return system_error("create cgroup '" + prefix + "'");
        }
        if (cpuset) TRY(inherit_cpuset(prefix));
    }
    return {};
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

static Status make_v2_folder(const CgroupPlace& place) {
    if (::mkdir(place.folder.c_str(), 0755) != 0) {
        if (errno == EEXIST) {
            TRY(refuse_inhabited(place));
        } else if (errno == ENOENT) {
            TRY(make_dirs(place.folder, 0755));
        } else {
            return system_error("create cgroup '" + place.folder + "'");
        }
    }
    const auto have = TRY(read_file_at(AT_FDCWD, place.folder + "/cgroup.controllers"));
    const bool all = std::all_of(place.controllers.begin(),
                                 place.controllers.end(),
                                 [&](const auto& name) { return lists(have, name); });
    if (!all) delegate_controllers(place);
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
        // Hybrid machines keep the controllers in version 1; the other half has nothing to add.
        if (hierarchy.v2 && layout.mode == CgroupMode::Hybrid) continue;
        auto place = TRY(place_in(hierarchy, path));
        if (place) cgroup.places.push_back(std::move(*place));
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
        } else if (made) {
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

// Raising memory above the present memory+swap limit, or lowering that below memory, is refused in
// one order and accepted in the other: a refused write is tried once more at the end.
static Status write_limits(const ContainerCgroup& cgroup, const std::vector<CgroupWrite>& writes) {
    std::vector<const CgroupWrite*> again;
    const auto write = [&](const CgroupWrite& due) -> Status {
        const CgroupPlace* place =
            due.controller.empty() ? cgroup.unified() : cgroup.with_controller(due.controller);
        const std::string what = "set '" + due.file + "' to '" + printable(due.value) + "'";
        if (place == nullptr && is_no_limit(due.value)) return {};
        if (place == nullptr) {
            return make_error(ErrorKind::Unsupported,
                              what + ": controller '" + due.controller + "' is not available here",
                              "ask for no such limit, or have the controller delegated to you");
        }
        TRY_CONTEXT(write_existing_at(AT_FDCWD, place->folder + "/" + due.file, due.value), what);
        return {};
    };
    for (const CgroupWrite& due : writes) {
        auto written = write(due);
        if (written) continue;
        if (due.controller != "memory" || written.error().sys_errno != EINVAL) return written;
        again.push_back(&due);
    }
    for (const CgroupWrite* due : again) TRY(write(*due));
    return {};
}

// What every container may do whatever the rules say (config-linux.md, "Default Devices"; the list
// is runc's): make any node, use the default devices and terminals.
static std::vector<DeviceRule> with_default_rules(std::vector<DeviceRule> rules) {
    const auto allow = [&rules](const char* type,
                                std::optional<int64_t> major,
                                std::optional<int64_t> minor,
                                const char* access) {
        rules.push_back(
            {.allow = true, .type = type, .major = major, .minor = minor, .access = access});
    };
    allow("c", {}, {}, "m");
    allow("b", {}, {}, "m");
    for (const int64_t minor : {3, 5, 7, 8, 9}) allow("c", 1, minor, "rwm");
    allow("c", 5, 0, "rwm");
    allow("c", 5, 2, "rwm");
    allow("c", 136, {}, "rwm");
    return rules;
}

static Status apply_device_rules(const ContainerCgroup& cgroup,
                                 const std::vector<DeviceRule>& asked) {
    const auto rules = with_default_rules(asked);
    if (const CgroupPlace* place = cgroup.unified(); place != nullptr) {
        return attach_device_filter(place->folder, rules);
    }
    const CgroupPlace* place = cgroup.with_controller("devices");
    if (place == nullptr) {
        return make_error(ErrorKind::Unsupported,
                          "set device rules: controller 'devices' is not available here");
    }
    for (const DeviceRule& rule : rules) {
        const auto text = TRY(device_rule_text(rule));
        const char* file = rule.allow ? "/devices.allow" : "/devices.deny";
        TRY_CONTEXT(write_existing_at(AT_FDCWD, place->folder + file, text),
                    "set device rule '" + text + "'");
    }
    return {};
}

Status apply_resources(const ContainerCgroup& cgroup, const Resources& resources, bool optional) {
    const bool v2 = cgroup.unified() != nullptr;
    const auto writes = TRY(v2 ? limits_v2(resources) : limits_v1(resources));
    TRY(write_limits(cgroup, writes));
    // In a user namespace no device node can be made, so there is nothing for rules to prevent.
    if (resources.devices.empty() || optional) return {};
    return apply_device_rules(cgroup, resources.devices);
}

Result<UniqueFd> open_unified(const ContainerCgroup& cgroup) {
    const CgroupPlace* place = cgroup.unified();
    if (place == nullptr) return UniqueFd();
    return open_at(AT_FDCWD, place->folder, O_PATH | O_DIRECTORY);
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
