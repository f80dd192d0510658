// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/cgroup/sub_cgroup.h"

#include "base/text.h"

#include <algorithm>
#include <set>

namespace dhow::oci {

// Empty for the container's own group.
static Result<std::string> below(std::string_view path) {
    std::string clean;
    for (const std::string& name : split(path, '/')) {
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            return make_error(ErrorKind::InvalidArgument,
                              "bad sub cgroup path: " + printable(path),
                              "name a group below the container's own");
        }
        clean += "/" + name;
    }
    return clean;
}

static CgroupPlace* find_place(ContainerCgroup& cgroup, const std::string& controller) {
    for (CgroupPlace& place : cgroup.places) {
        if (place.beside) continue;
        const auto& list = place.controllers;
        if (std::find(list.begin(), list.end(), controller) != list.end()) return &place;
    }
    return nullptr;
}

static Error invalid(const std::string& argument, const char* why) {
    return make_error(ErrorKind::InvalidArgument,
                      "invalid --cgroup argument: " + printable(argument) + " (" + why + ")");
}

Result<ContainerCgroup> sub_cgroup(const ContainerCgroup& cgroup,
                                   const std::vector<std::string>& wanted) {
    ContainerCgroup chosen = cgroup;
    std::set<std::string> seen;
    for (const std::string& argument : wanted) {
        const auto [left, right] = split_once(argument, ':');
        const std::string path = TRY(below(right.value_or(left)));
        if (!right) {
            if (wanted.size() != 1) return invalid(argument, "missing <controller>: prefix");
            for (CgroupPlace& place : chosen.places) place.folder += path;
            continue;
        }
        for (const std::string& controller : split(left, ',')) {
            if (controller.empty()) return invalid(argument, "empty <controller> prefix");
            if (!seen.insert(controller).second) return invalid(argument, "said more than once");
            CgroupPlace* place = find_place(chosen, controller);
            if (place == nullptr) {
                return make_error(ErrorKind::InvalidArgument,
                                  "unknown controller " + printable(controller) + " in --cgroup");
            }
            const CgroupPlace* own = cgroup.with_controller(controller);
            place->folder = own->folder + path;
        }
    }
    return chosen;
}

}  // namespace dhow::oci
