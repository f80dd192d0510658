// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/launch.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "oci/runtime/cgroup/cgroup_unit.h"
#include "oci/runtime/clone.h"
#include "oci/runtime/hooks.h"
#include "oci/runtime/init.h"
#include "oci/runtime/log.h"
#include "oci/runtime/mounts/device_nodes.h"
#include "oci/runtime/mounts/idmapped_mounts.h"
#include "oci/runtime/mounts/mount_api.h"
#include "oci/runtime/mounts/mounts.h"
#include "oci/runtime/mounts/rootfs.h"
#include "oci/runtime/namespaces/net_devices.h"
#include "oci/runtime/namespaces/sysctl.h"
#include "oci/runtime/namespaces/user_map.h"
#include "oci/runtime/process/console_socket.h"
#include "oci/runtime/process/credentials.h"
#include "oci/runtime/process/payload.h"
#include "oci/runtime/security/capabilities.h"
#include "oci/runtime/security/seccomp.h"
#include "oci/runtime/security/seccomp_listener.h"
#include "oci/runtime/validate.h"
#include "rootless/paths.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

Result<Child> clone_process(const CloneOptions& options,
                            void (*child)(void*) noexcept,
                            void* argument) {
    int pidfd = -1;
    clone_args arguments{};
    arguments.flags = options.flags | CLONE_PIDFD;
    arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
    arguments.exit_signal = SIGCHLD;
    if (options.cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = static_cast<uint64_t>(options.cgroup);
    }
    if (options.sibling) {
        arguments.flags |= CLONE_PARENT;
        arguments.exit_signal = 0;  // our own parent's choice
    }
    // A child of ours may see a procfs by now that is not the host's.
    if (!options.from_clone) assert_single_threaded();
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) {
        child(argument);
        ::_exit(1);
    }
    if (pid < 0) return system_error("clone the container's process");
    return Child(static_cast<pid_t>(pid), UniqueFd(pidfd));
}

Result<Child> adopt_sibling(const ParentEnd::Received& message, Child& stage) {
    if (message.type != ChildMessage::InitPid) {
        return make_error(ErrorKind::Internal, "the stage process did not make another");
    }
    // Our child, not yet reaped: its pid cannot have been reused.
    auto pidfd = TRY(open_pidfd(message.pid));
    Child process(message.pid, std::move(pidfd));
    TRY(stage.wait());
    return process;
}

static std::string rootfs_of(const RuntimeSpec& spec, const std::string& bundle) {
    const std::string& root = spec.root->path;
    return root.starts_with('/') ? root : bundle + "/" + root;
}

ContainerState initial_state(const RuntimeSpec& spec, const LaunchOptions& options) {
    ContainerState state;
    state.oci_version = spec.oci_version;
    state.id = options.id;
    state.bundle = options.bundle;
    state.rootfs = rootfs_of(spec, options.bundle);
    state.created = format_rfc3339(now_unix_nanos());
    state.annotations = spec.annotations;
    state.no_pivot = options.no_pivot;
    state.shares_mounts = !makes_namespace(*spec.linux_, NamespaceType::Mount);
    state.shares_pids = !makes_namespace(*spec.linux_, NamespaceType::Pid);
    state.new_keyring = options.new_keyring;
    return state;
}

namespace {

// What the children of the clones get to see; lives on the parent's stack and in the copies.
struct Birth {
    InitPlan& plan;
    SyncPair& sync;
    const Resources& resources;
    ScopeStart* scope;  // systemd's driver; nullptr: the groups are there already
};

void init_main(void* argument) noexcept {
    auto& birth = *static_cast<Birth*>(argument);
    birth.sync.parent.close();
    run_init(birth.plan, birth.sync.child);
}

// A stage enters what exists and makes what must come before the init, then clones the init as its
// own sibling and is gone. See NamespacePlan::needs_stage().
Status run_stage(Birth& birth) {
    InitPlan& plan = birth.plan;
    ChildEnd& sync = birth.sync.child;
    uint64_t flags = plan.namespaces.clone_flags;
    bool in_new_user = false;
    TRY(sync.wait_for(ParentMessage::Proceed));
    TRY(enter_joins(plan.namespaces.joins));
    for (const NamespaceJoin& join : plan.namespaces.joins) {
        in_new_user = in_new_user || join.type == NamespaceType::User;
    }
    if ((flags & CLONE_NEWUSER) != 0) {
        if (::unshare(CLONE_NEWUSER) != 0) return system_error("make a user namespace");
        TRY(sync.need_map());
        TRY(sync.wait_for(ParentMessage::Mapped));
        flags &= ~uint64_t{CLONE_NEWUSER};
        in_new_user = true;
    }
    if (plan.namespaces.new_time) {
        if (::unshare(CLONE_NEWTIME) != 0) return system_error("make a time namespace");
        // While /proc/self is still ours: a change of ids hands it to the host's root.
        TRY(write_time_offsets(plan.spec.linux_->time_offsets));
    }
    if (in_new_user) TRY(become_namespace_root(keeps_groups(plan.spec)));
    plan.joined = true;
    // It may be born into the sight of others (CVE-2016-9962).
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    auto init = TRY(
        clone_process({.flags = flags, .sibling = true, .from_clone = true}, init_main, &birth));
    const pid_t pid = init.pid();
    init.detach();
    return sync.init_pid(pid);
}

void stage_main(void* argument) noexcept {
    auto& birth = *static_cast<Birth*>(argument);
    birth.sync.parent.close();
    const auto result = run_stage(birth);
    if (!result) birth.sync.child.failed(result.error());
    ::_exit(result ? 0 : 1);
}

Result<Child> adopt_init(SyncPair& sync, Child& stage, const RuntimeSpec& spec) {
    TRY(sync.parent.send(ParentMessage::Proceed));
    auto message = TRY(sync.parent.receive());
    if (message.type == ChildMessage::NeedMap) {
        TRY(write_user_map(stage.pid(), spec.linux_->uid_mappings, spec.linux_->gid_mappings));
        TRY(sync.parent.send(ParentMessage::Mapped));
        message = TRY(sync.parent.receive());
    }
    return adopt_sibling(message, stage);
}

// May the container's root do as he likes below its own group? In a user namespace and a cgroup
// namespace of its own, with a /sys/fs/cgroup that it can write: then its systemd can work (as
// runc).
bool is_delegated(const InitPlan& plan) {
    if (!plan.namespaces.new_cgroup || !plan.namespaces.has_new(NamespaceType::User)) return false;
    for (const Mount& mount : plan.spec.mounts) {
        const bool cgroup = mount.type == "cgroup" || mount.type == "cgroup2";
        const auto& options = mount.options;
        if (cgroup && std::find(options.begin(), options.end(), "ro") == options.end()) return true;
    }
    return false;
}

Status limit_groups(const InitPlan& plan, const Resources& resources) {
    if (!plan.cgroup.exists()) return {};
    const bool rootless = rootless::is_rootless();
    TRY(apply_resources(plan.cgroup, resources, rootless));
    if (rootless || !is_delegated(plan)) return {};
    for (const IdMapping& mapping : plan.spec.linux_->uid_mappings) {
        if (mapping.container_id == 0) return delegate_cgroup(plan.cgroup, mapping.host_id);
    }
    return {};
}

// systemd makes the group around the process that waits; then its limits can be set.
Status place(Birth& birth, pid_t pid, bool unified) {
    const ContainerCgroup& cgroup = birth.plan.cgroup;
    TRY(join_rdt(birth.plan.rdt, pid));
    if (birth.scope == nullptr) return join_cgroup(cgroup, pid, unified);
    TRY(start_scope(*birth.scope, cgroup, pid, birth.resources));
    return limit_groups(birth.plan, birth.resources);
}

// The clone, by whichever of the two ways, to the point where init waits for Proceed.
Result<Child> give_birth(Birth& birth, const RuntimeSpec& spec) {
    const InitPlan& plan = birth.plan;
    if (plan.namespaces.needs_stage()) {
        auto stage = TRY(clone_process({}, stage_main, &birth));
        TRY(place(birth, stage.pid(), true));  // init is born in them
        return adopt_init(birth.sync, stage, spec);
    }
    const auto unified = TRY(birth.scope == nullptr ? open_unified(plan.cgroup) : UniqueFd());
    auto init = TRY(clone_process(
        {.flags = plan.namespaces.clone_flags, .cgroup = unified.get()}, init_main, &birth));
    TRY(place(birth, init.pid(), false));
    if (plan.namespaces.has_new(NamespaceType::User)) {
        TRY(write_user_map(init.pid(), spec.linux_->uid_mappings, spec.linux_->gid_mappings));
    }
    return init;
}

// The child inherits the value; ours goes back, which the kernel allows down to where it was.
class OomScore {
  public:
    static Result<OomScore> lend(const std::optional<int>& wanted) {
        OomScore score;
        if (!wanted) return score;
        const int before = TRY(oom_score_adj());
        if (*wanted == before) return score;
        TRY(set_oom_score_adj(*wanted));
        score.before_ = before;
        return score;
    }

    void restore() {
        if (before_) ignore(set_oom_score_adj(*before_), "this process ends soon");
    }

  private:
    std::optional<int> before_;
};

Status run_parent_hooks(Launched& launched, const RuntimeSpec& spec) {
    // runtime.md, "Lifecycle": prestart hooks come after the environment was created (crun tells
    // them `created`), createRuntime hooks belong to the creating (runc tells both `creating`).
    const auto created = public_state(launched.state, ContainerStatus::Created, false);
    TRY(run_hooks(spec.hooks->prestart, "prestart", created));
    const auto creating = public_state(launched.state, ContainerStatus::Creating, false);
    TRY(run_hooks(spec.hooks->create_runtime, "createRuntime", creating));
    return launched.sync.send(ParentMessage::HooksDone);
}

std::string told(ChildMessage type) {
    switch (type) {
        case ChildMessage::HooksDue:
            return "namespaces and mounts are made, hooks are due";
        case ChildMessage::Terminal:
            return "the terminal is made";
        case ChildMessage::Listener:
            return "the filter is loaded, calls wait for the agent";
        case ChildMessage::Ready:
            return "set up, waits for start";
        default:
            return "message " + std::to_string(static_cast<int>(type));
    }
}

Status give_listener(const Launched& launched, const RuntimeSpec& spec, int listener) {
    const AgentReport report{
        .state = public_state(launched.state, ContainerStatus::Creating, false),
        .pid = launched.state.init.pid};
    return give_to_agent(*spec.linux_->seccomp, report, listener);
}

Status talk(Launched& launched, const RuntimeSpec& spec) {
    while (true) {
        auto message = TRY(launched.sync.receive());
        log_debug("init " + std::to_string(launched.init.pid()) + ": " + told(message.type));
        switch (message.type) {
            case ChildMessage::HooksDue:
                TRY(run_parent_hooks(launched, spec));
                break;
            case ChildMessage::Terminal:
                launched.terminal = std::move(message.terminal);
                break;
            case ChildMessage::Listener:
                TRY(give_listener(launched, spec, message.listener.get()));
                break;
            case ChildMessage::Ready:
                return {};
            default:
                return make_error(ErrorKind::Internal, "the container's init spoke out of order");
        }
    }
}

ContainerState first_state(const RuntimeSpec& spec, const InitPlan& plan) {
    ContainerState state = initial_state(spec, plan.options);
    state.cgroup = plan.cgroup;
    state.rdt = plan.rdt;
    state.on_host = plan.on_host;
    return state;
}

Status give_filter(ParentEnd& sync, const RuntimeSpec& spec) {
    if (!spec.linux_->seccomp) return {};
    const auto program = TRY(seccomp_program(*spec.linux_->seccomp));
    return sync.send(ParentMessage::Filter, program);
}

Result<MovedDevices> move_devices(const InitPlan& plan, const Child& init) {
    const auto& wanted = plan.spec.linux_->net_devices;
    if (wanted.empty()) return MovedDevices();
    // Our child, not yet reaped: its pid cannot have been reused.
    std::string path = "/proc/" + std::to_string(init.pid()) + "/ns/net";
    for (const NamespaceJoin& join : plan.namespaces.joins) {
        if (join.type == NamespaceType::Network) path = fd_path(join.fd.get());
    }
    auto netns = TRY(open_at(AT_FDCWD, path, O_RDONLY));
    return MovedDevices::move(wanted, std::move(netns));
}

void warn_of_capabilities(const Process& process) {
    if (!process.capabilities) return;
    for (const std::string& name : unknown_capabilities(*process.capabilities)) {
        log_warning("ignoring unknown capability " + printable(name));
    }
    for (const std::string& name : lost_ambient(*process.capabilities)) {
        log_warning("can't raise ambient capability " + printable(name) +
                    ": it is not in the permitted and the inheritable set");
    }
}

Result<Launched> launch_planned(const RuntimeSpec& spec,
                                InitPlan& plan,
                                const Resources& resources,
                                ScopeStart* scope) {
    auto sync = TRY(make_sync_pair());
    Birth birth{plan, sync, resources, scope};
    auto score = TRY(OomScore::lend(spec.process->oom_score_adj));
    auto init = give_birth(birth, spec);
    score.restore();
    if (!init) return std::move(init).error();
    auto devices = TRY(move_devices(plan, *init));
    sync.child.replace(UniqueFd());
    Launched launched{init.take(), first_state(spec, plan), std::move(sync.parent), UniqueFd()};
    launched.state.init = TRY(identify(launched.init.pid()));
    log_debug("init " + std::to_string(launched.init.pid()) + ": born, in its cgroup");
    warn_of_capabilities(*spec.process);
    TRY(launched.sync.send(ParentMessage::Proceed));
    // Compiled while the child mounts.
    TRY(give_filter(launched.sync, spec));
    TRY(talk(launched, spec));
    devices.keep();
    return launched;
}

// The validator cannot see that a namespace given by its path is the host's own.
Status refuse_host_sysctls(const RuntimeSpec& spec, const NamespacePlan& plan) {
    if (spec.linux_->sysctl.empty()) return {};
    const bool ipc = TRY(plan.leaves(NamespaceType::Ipc));
    const bool network = TRY(plan.leaves(NamespaceType::Network));
    const bool uts = TRY(plan.leaves(NamespaceType::Uts));
    for (const auto& [key, value] : spec.linux_->sysctl) {
        TRY(check_sysctl(key, ipc, network, uts));
    }
    return {};
}

Status prepare_descriptors(InitPlan& plan, const StateFolder& folder) {
    const LaunchOptions& options = plan.options;
    if (!options.console_socket.empty()) {
        plan.console_socket = TRY(connect_console(options.console_socket));
    }
    if (options.wait_for_start) {
        plan.start_listener =
            TRY(listen_unix_at(folder.fd(), StateFolder::kStartSocket, SocketType::Packet));
    }
    // The mapped ids may not reach what only we can see; where we cannot clone, they must.
    if (plan.namespaces.has_new(NamespaceType::User) && ::geteuid() == 0) {
        if (auto tree = clone_tree(AT_FDCWD, plan.rootfs, true)) plan.root_tree = tree.take();
        plan.sources = TRY(open_bind_sources(options.bundle, plan.rootfs, plan.spec.mounts));
        plan.own_nodes = TRY(make_own_nodes(*plan.spec.linux_));
    }
    if (plan.on_host) plan.root_tree = TRY(clone_tree(AT_FDCWD, plan.rootfs, true));
    TRY(map_mount_ids(options.bundle, plan.spec, plan.sources));
    return {};
}

Status limit(InitPlan& plan, const Resources& resources, bool groups) {
    const auto& rdt = plan.spec.linux_->intel_rdt;
    if (rdt) plan.rdt = TRY(create_rdt(*rdt, plan.options.id));
    return groups ? limit_groups(plan, resources) : Status();
}

// The groups, or, with systemd, what it takes to have them made once there is a process.
Result<std::optional<ScopeStart>> make_cgroup(InitPlan& plan,
                                              const Resources& resources,
                                              const StateFolder& folder) {
    const auto layout = TRY(detect_cgroups());
    const CgroupRequest request{.id = plan.options.id,
                                .path = plan.spec.linux_->cgroups_path,
                                .optional = rootless::is_rootless(),
                                .resources = &resources};
    if (plan.options.systemd_cgroup) {
        auto scope = TRY(plan_scope(layout, request, plan.spec.annotations, plan.cgroup));
        TRY(folder.note_cgroup(scope.path));
        return std::optional(std::move(scope));
    }
    const auto group = TRY(cgroup_relative_path(request));
    TRY(folder.note_cgroup(group));
    plan.cgroup = TRY(create_cgroup(layout, request));
    return std::optional<ScopeStart>();
}

Result<Launched> launch_program(const RuntimeSpec& spec,
                                const WasmPlan* wasm,
                                const LaunchOptions& options,
                                const StateFolder& folder) {
    InitPlan plan{.spec = spec,
                  .options = options,
                  .wasm = wasm,
                  .namespaces = TRY(plan_namespaces(spec.linux_->namespaces))};
    TRY(refuse_host_sysctls(spec, plan.namespaces));
    plan.on_host = !TRY(plan.namespaces.leaves(NamespaceType::Mount));
    plan.rootfs = rootfs_of(spec, options.bundle);
    bool joins_user = false;
    for (const NamespaceJoin& join : plan.namespaces.joins) {
        joins_user = joins_user || join.type == NamespaceType::User;
    }
    const bool rootless = rootless::is_rootless();
    plan.in_user_namespace = rootless || joins_user || plan.namespaces.has_new(NamespaceType::User);
    TRY(prepare_descriptors(plan, folder));
    const Resources none;
    const Resources& resources = spec.linux_->resources ? *spec.linux_->resources : none;
    auto scope = TRY(make_cgroup(plan, resources, folder));
    plan.state_document = public_state(first_state(spec, plan), ContainerStatus::Creating, false);
    auto limited = limit(plan, resources, !scope);
    auto launched = limited ? launch_planned(spec, plan, resources, scope ? &*scope : nullptr)
                            : Result<Launched>(limited.error());
    if (!launched) {
        ignore(destroy_cgroup(plan.cgroup), "the first error is the one to tell");
        ignore(destroy_rdt(plan.rdt), "the first error is the one to tell");
        if (plan.on_host) {
            ignore(detach_root(plan.rootfs, plan.root_tree.get()), "likewise");
        }
    }
    return launched;
}

}  // namespace

Result<Launched> launch(const RuntimeSpec& spec,
                        const LaunchOptions& options,
                        const StateFolder& folder) {
    TRY(validate(spec, options));
    const std::string engine = TRY(wanted_wasm_engine(spec));
    if (engine.empty()) return launch_program(spec, nullptr, options, folder);
    const auto wasm = TRY(plan_wasm(spec, engine, options.host));
    RuntimeSpec with_engine = spec;
    with_engine.mounts.insert(with_engine.mounts.end(), wasm.mounts.begin(), wasm.mounts.end());
    return launch_program(with_engine, &wasm, options, folder);
}

Status leave_created(Launched& launched) {
    TRY(launched.sync.send(ParentMessage::Created));
    launched.init.detach();
    return {};
}

Status start_program(Launched& launched) {
    TRY(launched.sync.send(ParentMessage::Start));
    TRY(launched.sync.await_exec());
    log_debug("init " + std::to_string(launched.init.pid()) + ": is the program");
    return {};
}

}  // namespace dhow::oci
