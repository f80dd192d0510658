// SPDX-License-Identifier: Apache-2.0
#include "engine/cgroup_choice.h"

#include "base/cgroup_fs.h"
#include "base/file.h"
#include "base/text.h"
#include "engine/cgroup_place.h"
#include "engine/context.h"

#include <algorithm>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace dhow::engine {

namespace {

constexpr int64_t kDefaultPidsLimit = 2048;  // Podman's
constexpr std::string_view kParent = "/dhow";

std::vector<std::string> v2_controllers(const std::string& folder) {
    const auto text = read_file_at(AT_FDCWD, folder + "/cgroup.controllers", 4096);
    return text ? split(trim(*text), ' ') : std::vector<std::string>{};
}

void take_all(const CgroupLayout& layout, CgroupAbilities& abilities) {
    for (const CgroupHierarchy& hierarchy : layout.hierarchies) {
        const auto names =
            hierarchy.v2 ? v2_controllers(hierarchy.mount_point) : hierarchy.controllers;
        for (const std::string& name : names) {
            // On a hybrid machine a limit is only as good as the hierarchy the runtime uses:
            // version 1's.
            const bool other_side = layout.mode == CgroupMode::Hybrid && hierarchy.v2;
            if (!name.empty() && !other_side) abilities.controllers.push_back(name);
        }
    }
}

void take_unified(const CgroupHierarchy& unified, bool rootless, CgroupAbilities& abilities) {
    const CgroupPlan plan = plan_cgroup(unified, rootless);
    const bool by_systemd = plan.home == CgroupHome::Unit || plan.home == CgroupHome::Scope;
    abilities.manager = plan.home == CgroupHome::None ? "none"
                        : by_systemd                  ? "systemd"
                                                      : "cgroupfs";
    abilities.parent = plan.parent;
    abilities.why_not = plan.why_not;
    if (plan.home == CgroupHome::None) return;
    for (std::string& name : v2_controllers(plan.controllers_in)) {
        if (!name.empty()) abilities.controllers.push_back(std::move(name));
    }
    if (rootless) {
        abilities.why_not =
            "the controller is not delegated to you: see Delegate= in systemd.resource-control(5), "
            "for user@.service";
    }
}

// An ordinary user has no place in the hierarchies of version 1.
void take_none(CgroupAbilities& abilities) {
    abilities.manager = "none";
    abilities.why_not = "cgroup " + abilities.version +
                        " cannot be delegated to ordinary users; boot with "
                        "systemd.unified_cgroup_hierarchy=1";
}

bool is_crun(std::string_view runtime) {
    return runtime == "crun" || runtime.ends_with("/crun");
}

// The name that the cover has in mountinfo: whoever inherits it must not take the machine for one
// of version 1.
constexpr const char* kCover = "dhow-no-unified";

// crun refuses a hybrid machine whose version 2 half has controllers, even when it is told to leave
// cgroups alone. Covered in this command's own mount namespace, which the shim inherits, that half
// is not there, and the machine looks like one of version 1.
Status hide_unified(const Context& context) {
    const auto layout = TRY(detect_cgroups());
    const CgroupHierarchy* unified = layout.unified();
    if (layout.mode != CgroupMode::Hybrid || unified == nullptr || !context.entered) return {};
    const char* place = unified->mount_point.c_str();

    struct statfs fs {};

    const bool covered = ::statfs(place, &fs) == 0 && fs.f_type != CGROUP2_SUPER_MAGIC;
    if (covered || ::mount(kCover, place, "tmpfs", MS_RDONLY, "nr_inodes=1") == 0) return {};
    return system_error("hide '" + unified->mount_point + "' from crun");
}

Result<bool> unified_is_hidden() {
    const auto mounts = TRY(read_file_at(AT_FDCWD, "/proc/self/mountinfo"));
    return mounts.find(" - tmpfs " + std::string(kCover) + " ") != std::string::npos;
}

// Of this machine, not of what crun is shown of it.
Result<bool> is_hybrid(const CgroupLayout& layout) {
    if (layout.mode == CgroupMode::Hybrid) return true;
    return unified_is_hidden();
}

Status require(const CgroupAbilities& abilities,
               bool asked,
               const char* controller,
               const char* flag) {
    if (!asked || abilities.has(controller)) return {};
    return make_error(
        ErrorKind::Unsupported,
        std::string(flag) + ": no " + controller + " limits here",
        abilities.why_not.empty() ? "the kernel offers no such controller" : abilities.why_not);
}

}  // namespace

bool CgroupAbilities::has(std::string_view controller) const {
    return std::find(controllers.begin(), controllers.end(), controller) != controllers.end();
}

Result<CgroupAbilities> cgroup_abilities(const Context& context, const std::string& runtime) {
    const auto layout = TRY(detect_cgroups());
    CgroupAbilities abilities;
    abilities.version = cgroup_mode_name(layout.mode);
    if (layout.mode == CgroupMode::None) {
        abilities.manager = "none";
        abilities.why_not = "no cgroup file system is mounted";
        return abilities;
    }
    if (is_crun(runtime) && TRY(is_hybrid(layout))) {
        abilities.manager = "none";
        abilities.why_not = "crun does not work with hybrid cgroups; use another --runtime";
    } else if (layout.mode == CgroupMode::V2) {
        take_unified(*layout.unified(), context.rootless, abilities);
    } else if (context.rootless) {
        take_none(abilities);
    } else {
        abilities.manager = "cgroupfs";
        abilities.parent = kParent;
        take_all(layout, abilities);
    }
    return abilities;
}

Status settle_limits(const Context& context, ContainerConfig& config) {
    Resources& wanted = config.options.resources;
    const auto abilities = TRY(cgroup_abilities(context, config.options.runtime));
    const bool limits_pids = wanted.pids_limit && *wanted.pids_limit > 0;
    TRY(require(abilities, wanted.memory.has_value(), "memory", "--memory"));
    TRY(require(abilities, wanted.nano_cpus.has_value(), "cpu", "--cpus"));
    TRY(require(abilities, limits_pids, "pids", "--pids-limit"));
    if (!wanted.pids_limit && abilities.has("pids")) wanted.pids_limit = kDefaultPidsLimit;
    return {};
}

// What nobody asked for may be missing.
static bool asks_for_limits(const Resources& wanted) {
    return wanted.memory || wanted.nano_cpus ||
           (wanted.pids_limit && *wanted.pids_limit != kDefaultPidsLimit);
}

Result<CgroupChoice> choose_cgroup(Context& context, const ContainerConfig& config) {
    const auto abilities = TRY(cgroup_abilities(context, config.options.runtime));
    CgroupChoice choice;
    choice.unified = abilities.version == "v2";
    if (abilities.manager == "none") return choice;
    std::string parent = abilities.parent;
    if (choice.unified) {
        const auto layout = TRY(detect_cgroups());
        auto ground = prepare_ground(context, *layout.unified());
        if (!ground) {
            if (!asks_for_limits(config.options.resources)) return choice;
            return std::move(ground).error().context("find a cgroup for the container's limits");
        }
        parent = std::move(ground->parent);
        choice.shims = std::move(ground->shims);
    }
    choice.path = parent + "/dhow-" + config.id;
    choice.limits_possible = true;
    return choice;
}

Result<std::vector<std::string>> runtime_arguments(const Context& context,
                                                   const ContainerConfig& config) {
    std::vector<std::string> arguments = {"--root", context.runtime_root()};
    if (!is_crun(config.options.runtime)) return arguments;
    TRY(hide_unified(context));
    const auto abilities = TRY(cgroup_abilities(context, config.options.runtime));
    if (abilities.manager == "none") arguments.emplace_back("--cgroup-manager=disabled");
    return arguments;
}

}  // namespace dhow::engine
