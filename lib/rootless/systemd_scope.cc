// SPDX-License-Identifier: Apache-2.0
#include "rootless/systemd_scope.h"

#include "base/file.h"
#include "base/text.h"
#include "rootless/systemd_manager.h"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::rootless {

namespace {

constexpr std::string_view kScopePrefix = "dhow-hold-";
constexpr int kTries = 500;  // of 10 ms
constexpr int kPauseMs = 10;

// Somebody else was quicker: then the scope is there, or will be.
Result<std::string> await_scope(const std::string& unit, pid_t holder) {
    for (int i = 0; i < kTries; ++i) {
        const auto path = TRY(unified_cgroup_of(holder));
        if (path.ends_with("/" + unit) || !scope_of(path).empty()) return path;
        ::poll(nullptr, 0, i < 10 ? 1 : kPauseMs);
    }
    return make_error(ErrorKind::Timeout, "wait for systemd to start '" + unit + "'");
}

Status make_group(const std::string& folder) {
    if (::mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return {};
    return system_error("create cgroup '" + folder + "'");
}

}  // namespace

Result<std::string> unified_cgroup_of(pid_t pid) {
    const auto text = TRY(read_file_at(AT_FDCWD, "/proc/" + std::to_string(pid) + "/cgroup"));
    for (const std::string& line : split(text, '\n')) {
        if (line.starts_with("0::")) return line.substr(3);
    }
    return make_error(ErrorKind::NotFound,
                      "process " + std::to_string(pid) + " is in no cgroup of version 2");
}

std::string scope_of(const std::string& holder_cgroup) {
    constexpr std::string_view kLeaf = "/hold";
    if (!holder_cgroup.ends_with(kLeaf)) return {};
    std::string scope = holder_cgroup.substr(0, holder_cgroup.size() - kLeaf.size());
    const std::string_view name = std::string_view(scope).substr(scope.rfind('/') + 1);
    const bool ours = name.starts_with(kScopePrefix) && name.ends_with(".scope");
    return ours ? scope : std::string();
}

std::string user_manager_of(const std::string& cgroup) {
    const size_t at = cgroup.find("/user@");
    if (at == std::string::npos) return {};
    const size_t end = cgroup.find('/', at + 1);
    std::string manager = cgroup.substr(0, end);
    return manager.ends_with(".service") ? manager : std::string();
}

Result<std::string> make_scope(const std::string& mount_point, pid_t holder) {
    const std::string unit = std::string(kScopePrefix) + std::to_string(holder) + ".scope";
    auto manager = TRY(SystemdManager::connect(ManagerOf::User));
    auto started = manager.start(unit,
                                 {{"Description", std::string("containers of dhow")},
                                  {"Delegate", true},
                                  {"CollectMode", std::string("inactive-or-failed")},
                                  {"PIDs", std::vector{static_cast<uint32_t>(holder)}}});
    if (!started && started.error().message.find("UnitExists") == std::string::npos) {
        return std::move(started).error().context("make scope '" + unit + "'");
    }
    const auto path = TRY(await_scope(unit, holder));
    std::string scope = scope_of(path).empty() ? path : scope_of(path);
    TRY(make_group(mount_point + scope + "/dhow"));
    TRY(make_group(mount_point + scope + "/hold"));
    TRY_CONTEXT(write_existing_at(
                    AT_FDCWD, mount_point + scope + "/hold/cgroup.procs", std::to_string(holder)),
                "move the holder of the namespaces in its scope");
    return scope;
}

Status move_into_scope(const std::string& scope, pid_t pid) {
    auto manager = TRY(SystemdManager::connect(ManagerOf::User));
    TRY_CONTEXT(manager.attach(scope.substr(scope.rfind('/') + 1), "/dhow", pid),
                "move into '" + scope + "'");
    return {};
}

}  // namespace dhow::rootless
