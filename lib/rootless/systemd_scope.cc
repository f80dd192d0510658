// SPDX-License-Identifier: Apache-2.0
#include "rootless/systemd_scope.h"

#include "base/file.h"
#include "base/text.h"
#include "rootless/bus.h"
#include "rootless/paths.h"

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

BusCall manager_call(std::string member, std::string signature) {
    return BusCall{.destination = "org.freedesktop.systemd1",
                   .path = "/org/freedesktop/systemd1",
                   .interface = "org.freedesktop.systemd1.Manager",
                   .member = std::move(member),
                   .signature = std::move(signature),
                   .body = {}};
}

void add_pids(BusBody& body, pid_t pid) {
    const size_t pids = body.begin_array(4);
    body.u32(static_cast<uint32_t>(pid));
    body.end_array(pids, 4);
}

// StartTransientUnit(name, mode, properties a(sv), auxiliary a(sa(sv)))
BusCall start_call(const std::string& unit, pid_t pid) {
    BusCall call = manager_call("StartTransientUnit", "ssa(sv)a(sa(sv))");
    BusBody& body = call.body;
    body.string(unit).string("fail");
    const size_t properties = body.begin_array(8);
    body.align(8).string("Description").signature("s").string("containers of dhow");
    body.align(8).string("Delegate").signature("b").boolean(true);
    body.align(8).string("CollectMode").signature("s").string("inactive-or-failed");
    body.align(8).string("PIDs").signature("au");
    add_pids(body, pid);
    body.end_array(properties, 8);
    const size_t auxiliary = body.begin_array(8);
    body.end_array(auxiliary, 8);
    return call;
}

// The job runs after the answer; what it does can be seen.
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
    const auto address = TRY(find_user_bus());
    auto bus = TRY(Bus::connect(address));
    auto started = bus.call(start_call(unit, holder));
    // Somebody else was quicker: then the scope is, or will be, there.
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
    const auto address = TRY(find_user_bus());
    auto bus = TRY(Bus::connect(address));
    BusCall call = manager_call("AttachProcessesToUnit", "ssau");
    call.body.string(scope.substr(scope.rfind('/') + 1)).string("/dhow");
    add_pids(call.body, pid);
    TRY_CONTEXT(bus.call(call), "move into '" + scope + "'");
    return {};
}

}  // namespace dhow::rootless
