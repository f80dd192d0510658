// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/checkpoint/restore.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/netlink.h"
#include "base/process.h"
#include "base/text.h"
#include "oci/runtime/checkpoint/checkpoint.h"
#include "oci/runtime/checkpoint/external_mounts.h"
#include "oci/runtime/checkpoint/restore_stage.h"
#include "oci/runtime/checkpoint/restored_check.h"
#include "oci/runtime/hooks.h"
#include "oci/runtime/namespaces/namespaces.h"
#include "oci/runtime/process/console.h"
#include "oci/runtime/process/console_socket.h"
#include "oci/runtime/validate.h"

#include <algorithm>

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

constexpr const char* kLogFile = "restore.log";
constexpr const char* kMountRoot = "criu-root";

struct Plan {
    const RuntimeSpec& spec;
    const CriuOptions& options;
    const StateFolder& folder;
    ContainerState state;
    UniqueFd console_socket;
    UniqueFd terminal;
    UniqueFd init;   // pidfd, from the moment it is known
    pid_t criu = 0;  // in the container's cgroup until it ends
};

// "pipe:[4711]" of a saved stdio becomes the caller's own; anything else is no key of ours.
bool is_pipe_name(std::string_view name) {
    if (!name.starts_with("pipe:[") || !name.ends_with(']')) return false;
    return parse_int<uint64_t>(name.substr(6, name.size() - 7)).has_value();
}

void add_inherited(WireWriter& wire, const std::string& key, int fd) {
    WireWriter pair;
    pair.text(1, key);
    pair.integer(2, fd);
    wire.message(27, pair);
}

Status add_stdio(WireWriter& wire, const CriuFolders& folders) {
    const auto text = TRY_CONTEXT(read_file_at(folders.images.get(), kDescriptorsFile),
                                  "this is no checkpoint of a container");
    const auto names = TRY(json::parse(text, kDescriptorsFile));
    if (!names.is_array()) return make_error(ErrorKind::Corrupt, "descriptors.json: not a list");
    int fd = 0;
    for (const json::Value& name : names.get_array()) {
        if (fd > 2) break;
        if (name.is_string() && is_pipe_name(name.get_string().c_str())) {
            add_inherited(wire, name.get_string().c_str(), fd);
        }
        ++fd;
    }
    return {};
}

bool is_given_open(const Namespace& entry) {
    const bool kind = entry.type == NamespaceType::Network || entry.type == NamespaceType::Pid;
    return kind && !entry.path.empty();
}

// Network and pid namespaces are given open, from the descriptor after the socket on; the others
// criu joins by their path.
Status add_given_namespaces(const RuntimeSpec& spec, std::vector<UniqueFd>& given) {
    for (const Namespace& entry : spec.linux_->namespaces) {
        if (!is_given_open(entry)) continue;
        given.push_back(TRY_CONTEXT(open_at(AT_FDCWD, entry.path, O_RDONLY), "open namespace"));
    }
    return {};
}

Status add_namespaces(WireWriter& wire, const RuntimeSpec& spec) {
    int number = CriuService::kSocketFd;
    for (const Namespace& entry : spec.linux_->namespaces) {
        if (entry.path.empty()) continue;
        if (is_given_open(entry)) {
            add_inherited(wire, external_namespace_key(entry.type), ++number);
            continue;
        }
        if (entry.type == NamespaceType::Cgroup || entry.type == NamespaceType::Mount ||
            entry.type == NamespaceType::Time) {
            return make_error(ErrorKind::Unsupported,
                              "criu cannot restore into an existing " +
                                  std::string(namespace_name(entry.type)) + " namespace");
        }
        WireWriter join;
        join.text(1, namespace_proc_name(entry.type));
        join.text(2, entry.path);
        wire.message(39, join);
    }
    return {};
}

Status add_mounts(WireWriter& wire, const Plan& plan) {
    const auto mounts =
        TRY(external_mounts(plan.spec,
                            plan.state.bundle,
                            plan.state.cgroup,
                            makes_namespace(*plan.spec.linux_, NamespaceType::User)));
    std::vector<std::string> named;
    for (const ExternalMount& mount : mounts) {
        if (std::find(named.begin(), named.end(), mount.name) != named.end()) continue;
        named.push_back(mount.name);
        WireWriter pair;
        pair.text(1, mount.name);
        pair.text(2, mount.source);
        wire.message(23, pair);
    }
    return {};
}

// Only where criu itself is asked to place processes: below this container's groups.
void add_cgroup_roots(WireWriter& wire, const Plan& plan) {
    if (plan.options.cgroups.value_or(CriuCgroups::Ignore) == CriuCgroups::Ignore) return;
    for (const CgroupPlace& place : plan.state.cgroup.places) {
        WireWriter root;
        root.text(1, join(place.controllers, ","));
        root.text(2, place.folder.substr(place.mount_point.size()));
        wire.message(25, root);
    }
}

Result<WireWriter> restore_options(const Plan& plan,
                                   const CriuFolders& folders,
                                   const std::string& root) {
    WireWriter wire = common_options(plan.options, folders, kLogFile);
    wire.flag(26, true);  // rst_sibling: the init becomes our child
    wire.text(13, root);
    wire.number(38, CLONE_NEWNET);
    if (!plan.options.lsm_profile.empty()) wire.text(53, plan.options.lsm_profile);
    if (!plan.options.lsm_mount_context.empty()) wire.text(63, plan.options.lsm_mount_context);
    TRY(add_stdio(wire, folders));
    TRY(add_namespaces(wire, plan.spec));
    TRY(add_mounts(wire, plan));
    add_cgroup_roots(wire, plan);
    return wire;
}

Status raise_loopback(const Plan& plan) {
    if (!makes_namespace(*plan.spec.linux_, NamespaceType::Network)) return {};
    const auto theirs = TRY(
        open_at(AT_FDCWD, "/proc/" + std::to_string(plan.state.init.pid) + "/ns/net", O_RDONLY));
    const auto own = TRY(open_at(AT_FDCWD, "/proc/self/ns/net", O_RDONLY));
    auto inside = TRY(netlink_inside(theirs.get(), own.get()));
    constexpr int kLoopback = 1;  // the first link of every network namespace
    return inside.set_up(kLoopback);
}

Status know_init(Plan& plan, pid_t pid) {
    if (plan.init) return {};
    plan.init = TRY(open_pidfd(pid));
    plan.state.init = TRY(identify(pid));
    return {};
}

Status runtime_hooks(const Plan& plan) {
    if (!plan.spec.hooks) return {};
    const auto document = public_state(plan.state, ContainerStatus::Creating, false);
    TRY(run_hooks(plan.spec.hooks->prestart, "prestart", document));
    return run_hooks(plan.spec.hooks->create_runtime, "createRuntime", document);
}

Status take_terminal(Plan& plan, std::vector<UniqueFd> fds) {
    if (fds.size() != 1) return make_error(ErrorKind::System, "criu sent no terminal");
    if (plan.console_socket) return send_master(plan.console_socket.get(), fds[0].get());
    plan.terminal = std::move(fds[0]);
    return {};
}

// A failed restore may leave processes; those that wait to be resumed never run.
void end_restored(const Plan& plan) {
    if (plan.init) ignore(signal_process(plan.init.get(), SIGKILL), "may have ended");
    if (plan.state.cgroup.exists()) {
        ignore(signal_cgroup(plan.state.cgroup, SIGKILL), "may be empty");
    }
}

Status on_notice(Plan& plan, CriuNotice notice) {
    if (notice.script == "setup-namespaces") {
        TRY(know_init(plan, notice.pid));
        TRY(raise_loopback(plan));
        return runtime_hooks(plan);
    }
    if (notice.script == "orphan-pts-master") return take_terminal(plan, std::move(notice.fds));
    if (notice.script == "post-restore") {
        TRY(know_init(plan, notice.pid));
        return plan.folder.save(plan.state);
    }
    // All is as it will be, and nothing has run yet.
    if (notice.script != "pre-resume") return {};
    auto checked = check_restored(plan.state, plan.spec, plan.criu);
    if (!checked) end_restored(plan);  // criu itself would go on
    return checked;
}

Result<CriuReply> run_criu(Plan& plan) {
    const auto folders = TRY(open_criu_folders(plan.options, false));
    const auto made = TRY(make_dir_at(plan.folder.fd(), kMountRoot, 0700));
    const auto root = TRY(read_link_at(AT_FDCWD, fd_path(made.get())));
    RestoreStage stage{
        .spec = plan.spec,
        .bundle = plan.state.bundle,
        .rootfs = plan.state.rootfs,
        .mount_root = root,
        .criu = plan.options.program,
        .cgroup = plan.state.cgroup,
        .own_cgroup_namespace =
            makes_namespace(*plan.spec.linux_, NamespaceType::Cgroup) &&
            plan.options.cgroups.value_or(CriuCgroups::Ignore) == CriuCgroups::Ignore,
        .given = {}};
    TRY(add_given_namespaces(plan.spec, stage.given));
    auto service = TRY(start_restore_stage(stage));
    plan.criu = service.pid();
    const auto inside = TRY(folders_seen_by(plan.criu, folders));
    const auto wire = TRY(restore_options(plan, inside, root));
    auto reply = service.call(CriuRequest::Restore, wire, [&plan](CriuNotice notice) {
        return on_notice(plan, std::move(notice));
    });
    ignore(service.finish(), "its answer is what counts");
    ::rmdir(root.c_str());
    if (reply) return reply;
    const auto& options = plan.options;
    const std::string& where = options.work_path.empty() ? options.image_path : options.work_path;
    return with_log(reply.error(), folders.log_folder(), kLogFile, where);
}

Status make_cgroup(Plan& plan, const LaunchOptions& launch) {
    // A scope begins with a process in it; these are criu's to bring back.
    if (launch.systemd_cgroup) {
        return make_error(ErrorKind::Unsupported,
                          "restore into a scope of systemd's is not supported",
                          "restore without --systemd-cgroup");
    }
    const auto layout = TRY(detect_cgroups());
    const Resources none;
    const Resources& resources = plan.spec.linux_->resources ? *plan.spec.linux_->resources : none;
    const CgroupRequest request{.id = launch.id,
                                .path = plan.spec.linux_->cgroups_path,
                                .optional = false,
                                .resources = &resources};
    const auto group = TRY(cgroup_relative_path(request));
    TRY(plan.folder.note_cgroup(group));
    plan.state.cgroup = TRY(create_cgroup(layout, request));
    return plan.state.cgroup.exists() ? apply_resources(plan.state.cgroup, resources, false)
                                      : Status();
}

Result<Restored> bring_back(Plan& plan, const LaunchOptions& launch) {
    TRY(make_cgroup(plan, launch));
    const auto reply = TRY(run_criu(plan));
    TRY(know_init(plan, reply.restored));
    Child init(plan.state.init.pid, std::move(plan.init));
    return Restored{std::move(init), plan.state, std::move(plan.terminal)};
}

}  // namespace

Result<Restored> restore(const RuntimeSpec& spec,
                         const LaunchOptions& launch,
                         const CriuOptions& options,
                         const StateFolder& folder) {
    TRY(validate(spec, launch));
    Plan plan{.spec = spec,
              .options = options,
              .folder = folder,
              .state = initial_state(spec, launch),
              .console_socket = {},
              .terminal = {},
              .init = {}};
    if (!launch.console_socket.empty()) {
        plan.console_socket = TRY(connect_console(launch.console_socket));
    }
    auto restored = bring_back(plan, launch);
    if (restored) return restored;
    end_restored(plan);
    ignore(destroy_cgroup(plan.state.cgroup), "the first error is the one to tell");
    return restored;
}

}  // namespace dhow::oci
