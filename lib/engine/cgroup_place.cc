// SPDX-License-Identifier: Apache-2.0
#include "engine/cgroup_place.h"

#include "base/file.h"
#include "engine/context.h"
#include "engine/systemd_notify.h"
#include "rootless/paths.h"
#include "rootless/systemd_scope.h"
#include "rootless/user_ns.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace dhow::engine {

namespace {

constexpr std::string_view kSystemParent = "/dhow";
constexpr const char* kShims = "/dhow";  // in each home

// The system's systemd marks what it has delegated (systemd.resource-control(5), Delegate=). A
// user's cannot: there the units we generate, which all say Delegate=yes, name themselves.
bool is_delegated(const std::string& folder) {
    std::array<char, 2> value{};
    for (const char* name : {"user.delegate", "trusted.delegate"}) {
        if (::getxattr(folder.c_str(), name, value.data(), 1) == 1) return value[0] == '1';
    }
    const std::string unit = own_unit();
    return !unit.empty() && folder.ends_with("/" + unit);
}

std::string manager_folder(const CgroupHierarchy& unified) {
    const std::string uid = std::to_string(rootless::outer_uid());
    return unified.mount_point + "/user.slice/user-" + uid + ".slice/user@" + uid + ".service";
}

bool may_make_groups(const std::string& folder) {
    return ::access(folder.c_str(), W_OK) == 0 &&
           ::access((folder + "/cgroup.procs").c_str(), W_OK) == 0;
}

std::string above(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

Status make_group(const std::string& folder) {
    if (::mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return {};
    return system_error("create cgroup '" + folder + "'");
}

Result<UniqueFd> open_group(const std::string& folder) {
    return open_at(AT_FDCWD, folder, O_PATH | O_DIRECTORY);
}

// A group that hands controllers down may hold no process of its own: this one steps aside.
Status step_aside(const std::string& unit_folder) {
    TRY(make_group(unit_folder + kShims));
    TRY_CONTEXT(write_existing_at(AT_FDCWD, unit_folder + kShims + "/cgroup.procs", "0"),
                "step aside in the unit's cgroup");
    return {};
}

Result<std::string> ensure_scope(const Context& context, const std::string& mount_point) {
    const auto hold = TRY(rootless::find_hold(context.run_root_path));
    const auto where = TRY(rootless::unified_cgroup_of(hold.identity.pid));
    std::string scope = rootless::scope_of(where);
    if (!scope.empty()) return scope;
    return rootless::make_scope(mount_point, hold.identity.pid);
}

Result<CgroupGround> scope_ground(const Context& context, const CgroupHierarchy& unified) {
    CgroupGround ground{.parent = TRY(ensure_scope(context, unified.mount_point)), .shims = {}};
    const auto own = TRY(rootless::unified_cgroup_of(::getpid()));
    if (rootless::user_manager_of(own) == rootless::user_manager_of(ground.parent)) {
        ground.shims = TRY(open_group(unified.mount_point + ground.parent + kShims));
    } else {
        TRY(rootless::move_into_scope(ground.parent, ::getpid()));
    }
    return ground;
}

}  // namespace

CgroupPlan plan_cgroup(const CgroupHierarchy& unified, bool rootless) {
    const std::string own = unified.own_folder();
    CgroupPlan plan;
    if (unit_waits() && !own.empty() && is_delegated(own) && may_make_groups(own)) {
        plan.home = CgroupHome::Unit;
        plan.parent = own.substr(unified.mount_point.size());
        plan.controllers_in = own;
    } else if (!rootless) {
        plan.home = CgroupHome::System;
        plan.parent = kSystemParent;
        plan.controllers_in = unified.mount_point;
    } else if (rootless::find_user_bus() && ::access(manager_folder(unified).c_str(), F_OK) == 0) {
        plan.home = CgroupHome::Scope;
        plan.controllers_in = manager_folder(unified);
    } else if (!own.empty() && may_make_groups(above(own))) {
        plan.home = CgroupHome::Delegated;
        plan.parent = above(own).substr(unified.mount_point.size());
        plan.controllers_in = above(own);
    } else {
        plan.why_not =
            "no cgroup is delegated to you: log in through systemd, with the package "
            "dbus-user-session installed";
    }
    return plan;
}

Result<CgroupGround> prepare_ground(Context& context, const CgroupHierarchy& unified) {
    CgroupPlan plan = plan_cgroup(unified, context.rootless);
    const std::string folder = unified.mount_point + plan.parent;
    switch (plan.home) {
        case CgroupHome::Scope:
            return scope_ground(context, unified);
        case CgroupHome::Unit:
            TRY(step_aside(folder));
            return CgroupGround{.parent = std::move(plan.parent), .shims = {}};
        case CgroupHome::System:
            TRY(make_group(folder));
            TRY(make_group(folder + kShims));
            return CgroupGround{.parent = std::move(plan.parent),
                                .shims = TRY(open_group(folder + kShims))};
        case CgroupHome::Delegated:
        case CgroupHome::None:
            break;
    }
    return CgroupGround{.parent = std::move(plan.parent), .shims = {}};
}

Status go_near(Context& context, pid_t container) {
    if (!context.rootless) return {};
    const auto theirs = rootless::unified_cgroup_of(container);
    const auto own = rootless::unified_cgroup_of(::getpid());
    if (!theirs || !own) return {};
    const std::string manager = rootless::user_manager_of(*theirs);
    if (manager.empty() || manager == rootless::user_manager_of(*own)) return {};
    const auto layout = TRY(detect_cgroups());
    const CgroupHierarchy* unified = layout.unified();
    if (layout.mode != CgroupMode::V2 || unified == nullptr) return {};
    const auto scope = TRY(ensure_scope(context, unified->mount_point));
    return rootless::move_into_scope(scope, ::getpid());
}

}  // namespace dhow::engine
