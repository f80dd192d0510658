// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/join.h"

#include "base/file.h"
#include "oci/runtime/cgroup/cgroup_unit.h"
#include "oci/runtime/cgroup/sub_cgroup.h"
#include "oci/runtime/clone.h"
#include "oci/runtime/init.h"
#include "oci/runtime/log.h"
#include "oci/runtime/namespaces/namespaces.h"
#include "oci/runtime/process/console_socket.h"
#include "oci/runtime/process/cpu_affinity.h"
#include "oci/runtime/process/credentials.h"
#include "oci/runtime/process/payload.h"
#include "oci/runtime/security/seccomp.h"
#include "oci/runtime/security/seccomp_listener.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

struct JoinPlan {
    const ContainerState& state;
    const RuntimeSpec& spec;
    const Process& process;
    const JoinOptions& options;
    SyncPair& sync;
    UniqueFd init;  // pidfd
    UniqueFd root;  // of a container that could not pivot
    UniqueFd console_socket;
    uint64_t flags = 0;  // namespaces to enter
    bool user_namespace = false;

    [[nodiscard]] bool needs_stage() const { return (flags & CLONE_NEWPID) != 0; }
};

// Joining the namespace one is in already is refused for user namespaces and pointless for others.
// One that cannot be looked at is an error: taken for our own, the program would run on the host.
Result<bool> differs(pid_t pid, NamespaceType type) {
    const std::string name = namespace_proc_name(type);

    struct stat ours {};

    struct stat theirs {};

    const std::string path = "/proc/" + std::to_string(pid) + "/ns/" + name;
    if (::stat(("/proc/self/ns/" + name).c_str(), &ours) != 0) {
        return errno == ENOENT ? Result<bool>(false) : system_error("inspect our namespaces");
    }
    if (::stat(path.c_str(), &theirs) != 0) {
        auto error = system_error("inspect the container's " + name + " namespace");
        if (error.sys_errno == EACCES) error.fix = "start the container first";
        return error;
    }
    return ours.st_ino != theirs.st_ino;
}

// One call for all of them: what an ordinary user may enter is decided by the user namespace among
// them. A pid namespace is for the children.
Status enter(JoinPlan& plan) {
    // Before anybody inside could trace this process or look through it at the host
    // (CVE-2016-9962).
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (plan.flags != 0 && ::setns(plan.init.get(), static_cast<int>(plan.flags)) != 0) {
        return system_error("join the container's namespaces");
    }
    if (plan.root) {
        if (::fchdir(plan.root.get()) != 0 || ::chroot(".") != 0) {
            return system_error("enter the container's root");
        }
    }
    if (plan.user_namespace) TRY(become_namespace_root(keeps_groups(plan.spec)));
    if (::chdir("/") != 0) return system_error("enter the container's root");
    plan.init.reset();
    plan.root.reset();
    return {};
}

Result<std::optional<Pty>> open_terminal(JoinPlan& plan, ChildEnd& sync) {
    if (!plan.process.terminal) return std::optional<Pty>();
    const RootDir root = TRY(RootDir::open("/"));
    auto pty = TRY(open_pty(root, plan.process.console_size));
    if (plan.console_socket) {
        TRY_CONTEXT(send_master(plan.console_socket.get(), pty.master.get()),
                    "send the terminal to the console socket");
    } else {
        TRY(sync.terminal(pty.master.get()));
    }
    pty.master.reset();
    return std::optional(std::move(pty));
}

// Before the cgroup is joined the parent has set `initial`, which this process was born with.
Status choose_processors(const std::optional<CpuAffinity>& wanted) {
    if (wanted && !wanted->final_.empty()) return set_cpu_affinity(wanted->final_);
    if (!wanted || wanted->initial.empty()) reset_cpu_affinity();
    return {};
}

Status become_program(JoinPlan& plan, ChildEnd& sync) {
    const Linux& linux_part = *plan.spec.linux_;
    TRY(sync.wait_for(ParentMessage::Proceed));
    TRY(choose_processors(plan.process.exec_cpu_affinity));
    // Born inside: from a procfs of its own there, or the container's.
    auto labels = TRY(ExecLabels::open(plan.process));
    if (!plan.needs_stage()) TRY(enter(plan));
    PayloadPlan payload_plan{
        .process = plan.process,
        .seccomp = linux_part.seccomp ? &*linux_part.seccomp : nullptr,
        .personality = linux_part.personality ? &*linux_part.personality : nullptr,
        .memory_policy = linux_part.memory_policy ? &*linux_part.memory_policy : nullptr,
        .container_id = plan.state.id,
        .new_keyring = plan.state.new_keyring,
        .keep_groups = keeps_groups(plan.spec),
        .preserved_fds = plan.options.preserved_fds,
        .labels = std::move(labels),
        .terminal = TRY(open_terminal(plan, sync))};
    plan.console_socket.reset();
    Payload payload = TRY(prepare_payload(payload_plan, sync));
    TRY(sync.ready());
    TRY(sync.wait_for(ParentMessage::Start));
    auto keep = payload_plan.labels.descriptors();
    keep.push_back(sync.fd());
    close_foreign(plan.options.preserved_fds, std::move(keep));
    return execute(payload_plan, payload);
}

void join_main(void* argument) noexcept {
    auto& plan = *static_cast<JoinPlan*>(argument);
    ::prctl(PR_SET_NAME, "dhow:[exec]");
    plan.sync.parent.close();
    const auto failed = become_program(plan, plan.sync.child);
    plan.sync.child.failed(failed.error());
    ::_exit(255);
}

// Not in the container's pid namespace itself, and so out of its processes' sight, it enters all
// the others and lets go of the host before it clones the one that they will see: with
// CAP_SYS_PTRACE in the runtime's own user namespace they may look into any process that they can
// name.
Status run_stage(JoinPlan& plan, ChildEnd& sync) {
    TRY(enter(plan));
    close_foreign(plan.options.preserved_fds, {sync.fd(), plan.console_socket.get()});
    auto process = TRY(clone_process({.sibling = true, .from_clone = true}, join_main, &plan));
    const pid_t pid = process.pid();
    process.detach();
    return sync.init_pid(pid);
}

void stage_main(void* argument) noexcept {
    auto& plan = *static_cast<JoinPlan*>(argument);
    plan.sync.parent.close();
    const auto result = run_stage(plan, plan.sync.child);
    if (!result) plan.sync.child.failed(result.error());
    ::_exit(result ? 0 : 1);
}

Status choose_namespaces(JoinPlan& plan) {
    static constexpr std::array<NamespaceType, 7> kOthers = {NamespaceType::Pid,
                                                             NamespaceType::Network,
                                                             NamespaceType::Mount,
                                                             NamespaceType::Ipc,
                                                             NamespaceType::Uts,
                                                             NamespaceType::Cgroup,
                                                             NamespaceType::Time};
    const pid_t pid = plan.state.init.pid;
    plan.user_namespace = TRY(differs(pid, NamespaceType::User));
    if (plan.user_namespace) plan.flags |= namespace_flag(NamespaceType::User);
    for (const NamespaceType type : kOthers) {
        const bool other = TRY(differs(pid, type));
        if (other) plan.flags |= namespace_flag(type);
    }
    if (plan.state.no_pivot || plan.state.shares_mounts) {
        plan.root =
            TRY(open_at(AT_FDCWD, "/proc/" + std::to_string(pid) + "/root", O_PATH | O_DIRECTORY));
    }
    return {};
}

// The process that waits for Proceed, in the container's pid namespace.
Result<Child> give_birth(JoinPlan& plan, ParentEnd& sync, int cgroup) {
    if (!plan.needs_stage()) return clone_process({.cgroup = cgroup}, join_main, &plan);
    auto stage = TRY(clone_process({.cgroup = cgroup}, stage_main, &plan));
    plan.sync.child.replace(UniqueFd());
    const auto message = TRY(sync.receive());
    return adopt_sibling(message, stage);
}

// The container may have handed a controller down, and so closed its own group to processes, or
// its init may have left that group for good: then where init is (as runc).
Result<Child> clone_into(JoinPlan& plan, ParentEnd& sync, const ContainerCgroup& cgroup) {
    const auto folder = open_unified(cgroup);
    auto child = folder ? give_birth(plan, sync, folder->get()) : Result<Child>(folder.error());
    const int code = child ? 0 : child.error().sys_errno;
    if (child || plan.sync.child.fd() < 0) return child;
    if (plan.options.cgroups.empty()) {
        const auto own = open_unified_of(cgroup, plan.state.init.pid);
        auto beside_init = own ? give_birth(plan, sync, own->get()) : Result<Child>(own.error());
        if (beside_init) return beside_init;
    }
    // A scope of the user's, and we outside of the user's manager: systemd moves the process there.
    if (!cgroup.unit.empty() && (code == EACCES || code == EPERM)) {
        auto outside = TRY(give_birth(plan, sync, -1));
        TRY(attach_to_scope(cgroup, outside.pid()));
        return outside;
    }
    return std::move(child).error().context("error adding pid of the process to cgroups");
}

Status give_listener(const Joined& joined, const JoinPlan& plan, int listener) {
    const AgentReport report{.state = public_state(plan.state, ContainerStatus::Running, false),
                             .pid = joined.process.pid()};
    return give_to_agent(*plan.spec.linux_->seccomp, report, listener);
}

Status await_ready(Joined& joined, const JoinPlan& plan) {
    while (true) {
        auto message = TRY(joined.sync.receive());
        switch (message.type) {
            case ChildMessage::Ready:
                return {};
            case ChildMessage::Terminal:
                joined.terminal = std::move(message.terminal);
                break;
            case ChildMessage::Listener:
                TRY(give_listener(joined, plan, message.listener.get()));
                break;
            default:
                return make_error(ErrorKind::Internal, "the process spoke out of order");
        }
    }
}

}  // namespace

Result<Joined> join(const ContainerState& state,
                    const RuntimeSpec& spec,
                    const Process& process,
                    const JoinOptions& options) {
    auto sync = TRY(make_sync_pair());
    JoinPlan plan{state, spec, process, options, sync, TRY(open_process(state.init))};
    TRY(choose_namespaces(plan));
    if (!options.console_socket.empty()) {
        plan.console_socket = TRY(connect_console(options.console_socket));
    }
    const auto cgroup =
        options.cgroups.empty() ? state.cgroup : TRY(sub_cgroup(state.cgroup, options.cgroups));
    if (process.oom_score_adj) TRY(set_oom_score_adj(*process.oom_score_adj));
    const auto& affinity = process.exec_cpu_affinity;
    if (affinity && !affinity->initial.empty()) TRY(set_cpu_affinity(affinity->initial));
    auto child = TRY(clone_into(plan, sync.parent, cgroup));
    sync.child.replace(UniqueFd());
    Joined joined{std::move(child), std::move(sync.parent), UniqueFd()};
    const pid_t pid = joined.process.pid();
    TRY_CONTEXT(join_cgroup(cgroup, pid, false),
                "adding pid " + std::to_string(pid) + " to cgroups");
    TRY(joined.sync.send(ParentMessage::Proceed));
    if (spec.linux_->seccomp) {
        const auto filter = TRY(seccomp_program(*spec.linux_->seccomp));
        TRY(joined.sync.send(ParentMessage::Filter, filter));
    }
    TRY(await_ready(joined, plan));
    return joined;
}

Status start_joined(Joined& joined) {
    TRY(joined.sync.send(ParentMessage::Start));
    TRY(joined.sync.await_exec());
    log_debug("exec " + std::to_string(joined.process.pid()) + ": is the program");
    return {};
}

}  // namespace dhow::oci
