// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/init.h"

#include "base/file.h"
#include "base/netlink.h"
#include "base/text.h"
#include "base/unix_socket.h"
#include "oci/runtime/hooks.h"
#include "oci/runtime/mounts/devices.h"
#include "oci/runtime/mounts/masked_paths.h"
#include "oci/runtime/mounts/mounts.h"
#include "oci/runtime/mounts/rootfs.h"
#include "oci/runtime/namespaces/sysctl.h"
#include "oci/runtime/process/console.h"
#include "oci/runtime/process/cpu_affinity.h"
#include "oci/runtime/process/payload.h"

#include <cerrno>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dhow::oci {

Status become_namespace_root(bool keep_groups) {
    if (!keep_groups && ::setgroups(0, nullptr) != 0 && errno != EPERM) {
        return system_error("drop groups");
    }
    if (::setresgid(0, 0, 0) != 0) return system_error("become group 0 of the user namespace");
    if (::setresuid(0, 0, 0) != 0) return system_error("become user 0 of the user namespace");
    return {};
}

static Status enter_namespaces(InitPlan& plan) {
    if (!plan.joined) {
        TRY(enter_joins(plan.namespaces.joins));
        if (plan.namespaces.has_new(NamespaceType::User))
            TRY(become_namespace_root(keeps_groups(plan.spec)));
    }
    plan.namespaces.joins.clear();
    // From here on the ids are mapped and the namespaces may be shared with hostile processes:
    // nobody in them may trace this one or reach its descriptors (CVE-2016-9962).
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (plan.namespaces.new_cgroup && ::unshare(CLONE_NEWCGROUP) != 0) {
        return system_error("make a cgroup namespace");
    }
    if (plan.namespaces.has_new(NamespaceType::Network)) {
        TRY_CONTEXT(bring_loopback_up(), "bring up loopback");
    }
    return {};
}

static Status name_host(const RuntimeSpec& spec) {
    if (!spec.hostname.empty() && ::sethostname(spec.hostname.c_str(), spec.hostname.size()) != 0) {
        return system_error("set hostname '" + printable(spec.hostname) + "'");
    }
    if (!spec.domainname.empty() &&
        ::setdomainname(spec.domainname.c_str(), spec.domainname.size()) != 0) {
        return system_error("set domainname '" + printable(spec.domainname) + "'");
    }
    return {};
}

static Status runtime_hooks(const RuntimeSpec& spec,
                            const std::string& document,
                            const RootDir& root,
                            ChildEnd& sync) {
    if (!spec.hooks) return {};
    if (!spec.hooks->prestart.empty() || !spec.hooks->create_runtime.empty()) {
        TRY(sync.hooks_due());
        TRY(sync.wait_for(ParentMessage::HooksDone));
    }
    if (spec.hooks->create_container.empty()) return {};
    // As runc: its paths are the host's still, its working directory is the container's root.
    if (::fchdir(root.fd()) != 0) return system_error("enter the root filesystem");
    return run_hooks(spec.hooks->create_container, "createContainer", document);
}

static Result<std::optional<Pty>> open_terminal(const InitPlan& plan,
                                                const RootDir& root,
                                                ChildEnd& sync) {
    const Process& process = *plan.spec.process;
    if (!process.terminal) return std::optional<Pty>();
    auto pty = TRY(open_pty(root, process.console_size));
    TRY(bind_console(root, pty));
    if (plan.console_socket) {
        TRY_CONTEXT(send_master(plan.console_socket.get(), pty.master.get()),
                    "send the terminal to the console socket");
    } else {
        TRY(sync.terminal(pty.master.get()));
    }
    pty.master.reset();
    return std::optional(std::move(pty));
}

// The working directory is made when it is missing, as runc does; where that cannot be, entering it
// tells why.
static void make_cwd(const RootDir& root, const std::string& cwd) {
    if (cwd != "/") ignore(root.make_dirs(cwd), "entering it tells");
}

// The whole file system of the container, then `/` becomes it. Gives the terminal, made in between.
static Result<std::optional<Pty>> enter_filesystem(InitPlan& plan, ChildEnd& sync) {
    const RuntimeSpec& spec = plan.spec;
    const Linux& linux_part = *spec.linux_;
    const bool shared = !plan.namespaces.has_new(NamespaceType::Mount);
    const RootDir root = TRY(prepare_root(
        plan.rootfs, linux_part.rootfs_propagation, std::move(plan.root_tree), shared));
    MountContext context{root,
                         plan.options.bundle,
                         plan.cgroup,
                         plan.namespaces.has_new(NamespaceType::Cgroup),
                         std::move(plan.sources),
                         mount_label(linux_part),
                         TRY(host_propagation(linux_part.rootfs_propagation)),
                         plan.rootfs};
    const PendingMounts pending = TRY(mount_all(context, spec.mounts));
    if (owns_dev(spec.mounts)) {
        TRY(make_devices(root,
                         linux_part.devices,
                         {.bind = plan.in_user_namespace, .own_nodes = std::move(plan.own_nodes)}));
        TRY(adopt_null_stdio(root));
    }
    make_cwd(root, spec.process->cwd);
    TRY(write_sysctls(linux_part.sysctl));
    TRY(runtime_hooks(spec, plan.state_document, root, sync));
    auto terminal = TRY(open_terminal(plan, root, sync));
    UniqueFd null_device;
    if (!linux_part.masked_paths.empty()) null_device = TRY(clone_null_device());
    TRY(finish_mounts(pending));
    TRY(enter_root(root,
                   {.no_pivot = plan.options.no_pivot,
                    .shared = shared,
                    .readonly = spec.root->readonly,
                    .propagation = linux_part.rootfs_propagation}));
    TRY(make_paths_readonly(root, linux_part.readonly_paths));
    TRY(mask_paths(root, linux_part.masked_paths, std::move(null_device), context.label));
    return terminal;
}

// As the init of a pid namespace it would otherwise be deaf to what asks a process to end.
static void end_when_asked() {
    struct sigaction action {};

    action.sa_handler = [](int number) { ::_exit(128 + number); };
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
        ::sigaction(number, &action, nullptr);  // execve(2) takes it back
    }
}

// `create`: `start` connects, and hears over that connection how the exec went.
static Status await_start(InitPlan& plan, ChildEnd& sync) {
    if (plan.start_listener) end_when_asked();
    TRY(sync.ready());
    if (!plan.start_listener) {
        TRY(sync.wait_for(ParentMessage::Start));
        return {};
    }
    TRY(sync.wait_for(ParentMessage::Created));
    sync.replace(UniqueFd());
    auto caller = TRY(accept_unix(plan.start_listener.get()));
    sync.replace(std::move(caller));
    TRY(sync.ready());
    // A `start` that is killed before it has said so has started nothing.
    TRY(sync.wait_for(ParentMessage::Start));
    return {};
}

static void close_the_rest(const InitPlan& plan, const PayloadPlan& payload, const ChildEnd& sync) {
    auto keep = payload.labels.descriptors();
    keep.push_back(sync.fd());
    keep.push_back(plan.start_listener.get());
    close_foreign(plan.options.preserved_fds, std::move(keep));
}

static Status set_up_and_execute(InitPlan& plan, ChildEnd& sync) {
    const RuntimeSpec& spec = plan.spec;
    TRY(sync.wait_for(ParentMessage::Proceed));
    reset_cpu_affinity();
    auto labels = TRY(ExecLabels::open(*spec.process));
    TRY(enter_namespaces(plan));
    // Nobody could find a container whose runtime was killed before it stored the state. Mounts and
    // hooks may hang; what comes after them waits on the socket, which ends with the runtime.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    TRY(name_host(spec));
    PayloadPlan payload_plan{
        .process = *spec.process,
        .seccomp = spec.linux_->seccomp ? &*spec.linux_->seccomp : nullptr,
        .personality = spec.linux_->personality ? &*spec.linux_->personality : nullptr,
        .memory_policy = spec.linux_->memory_policy ? &*spec.linux_->memory_policy : nullptr,
        .wasm = plan.wasm,
        .no_program = plan.options.no_program,
        .container_id = plan.options.id,
        .new_keyring = plan.options.new_keyring,
        .keep_groups = keeps_groups(spec),
        .preserved_fds = plan.options.preserved_fds,
        .labels = std::move(labels),
        .terminal = TRY(enter_filesystem(plan, sync))};
    plan.console_socket.reset();
    ::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    Payload payload = TRY(prepare_payload(payload_plan, sync));
    close_the_rest(plan, payload_plan, sync);
    TRY(await_start(plan, sync));
    plan.start_listener.reset();
    if (plan.options.no_program) ::_exit(0);
    if (spec.hooks && !spec.hooks->start_container.empty()) {
        TRY(load_late_filter(payload_plan, payload));
        TRY(run_hooks(
            spec.hooks->start_container, "startContainer", plan.state_document, payload.env));
    }
    close_the_rest(plan, payload_plan, sync);
    return execute(payload_plan, payload);
}

void run_init(InitPlan& plan, ChildEnd& sync) noexcept {
    ::prctl(PR_SET_NAME, "dhow:[init]");
    const auto failed = set_up_and_execute(plan, sync);
    sync.failed(failed.error());
    switch (failed.error().kind) {
        case ErrorKind::CommandNotFound:
            ::_exit(127);
        case ErrorKind::CannotInvoke:
            ::_exit(126);
        default:
            ::_exit(1);
    }
}

}  // namespace dhow::oci
