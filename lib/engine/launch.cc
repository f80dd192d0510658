// SPDX-License-Identifier: Apache-2.0
#include "engine/launch.h"

#include "engine/cgroup_choice.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/mount_sources.h"
#include "engine/network_setup.h"
#include "engine/orphan.h"
#include "engine/pending_attach.h"
#include "engine/rootfs.h"
#include "engine/siblings.h"
#include "engine/signals.h"
#include "engine/spec_builder.h"
#include "engine/systemd_notify.h"
#include "rootless/netns.h"
#include "shim/runtime_error.h"

#include <fcntl.h>
#include <unistd.h>

namespace dhow::engine {

namespace {

// Undoes the preparations of a start that fails; dismissed by success. Mounts need no undoing: they
// live in this process's own mount namespace and die with it and the shim.
class StartGuard {
  public:
    StartGuard(Context& context, const ContainerConfig& config)
        : context_(context), config_(config) {}

    ~StartGuard() {
        if (dismissed_) return;
        ignore(tear_down_network(context_, config_), "the start's own error says more");
        ignore(unmount_rootfs(context_, config_.id), "it dies with this process");
        ignore(rootless::unbind_netns(context_.container_run_dir(config_.id) + "/netns"),
               "it dies with this process");
        dismiss_pending_attaches();
        ignore(remove_tree_at(context_.run_root.get(), "c/" + config_.id),
               "the next start clears it");
    }

    StartGuard(const StartGuard&) = delete;
    StartGuard& operator=(const StartGuard&) = delete;

    void dismiss() { dismissed_ = true; }

  private:
    // Connected to and let go at once: who waits for this start learns that there is none.
    void dismiss_pending_attaches() const {
        const auto run_dir = open_run_dir(context_, config_.id);
        if (run_dir) ignore(collect_pending_attaches(run_dir->get()), "nobody else will tell them");
    }

    Context& context_;
    const ContainerConfig& config_;
    bool dismissed_ = false;
};

Result<UniqueFd> make_run_dir(Context& context, const std::string& id) {
    const auto containers = TRY(make_dir_at(context.run_root.get(), "c"));
    // Anything there is from a run that is over: its files must not be mistaken for this one's.
    // What waits to be attached before the start stays.
    return make_dir_at(context.run_root.get(), "c/" + id);
}

Status write_spec(Context& context,
                  const ContainerConfig& config,
                  int run_dir,
                  const network::Plan& plan,
                  const CgroupChoice& cgroup) {
    const auto rootfs = TRY(RootDir::open(context.container_run_dir(config.id) + "/rootfs"));
    auto user = TRY(find_container_user(rootfs, config.options.user));
    auto sources = TRY(find_mount_sources(context, config, rootfs));
    auto init = config.options.init ? TRY(find_sibling("dhow-init")) : std::string();
    const SpecInput input{
        .config = config,
        .user = std::move(user),
        .rootfs = context.container_run_dir(config.id) + "/rootfs",
        .netns_path = plan.netns_path,
        .files_dir = context.container_run_dir(config.id),
        .mount_sources = std::move(sources),
        .init_path = std::move(init),
        .cgroups_path = cgroup.path,
        .limits_possible = cgroup.limits_possible,
        .rootless = context.rootless,
        .cgroup_v2 = cgroup.unified,
        .console_size = {.height = context.terminal.rows, .width = context.terminal.columns},
    };
    const auto spec = TRY(build_runtime_spec(input));
    TRY(replace_file_at(run_dir, "config.json", oci::to_json(spec), 0600, Durability::None));
    return {};
}

shim::RestartKind shim_restart(RestartKind kind) {
    return static_cast<shim::RestartKind>(kind);
}

std::vector<std::string> kept_environment() {
    std::vector<std::string> kept;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        for (const std::string_view name : {"HOME=",
                                            "PATH=",
                                            "XDG_RUNTIME_DIR=",
                                            "XDG_DATA_HOME=",
                                            "USER=",
                                            "DBUS_SESSION_BUS_ADDRESS="}) {
            if (text.starts_with(name)) kept.emplace_back(text);
        }
    }
    return kept;
}

Result<shim::ShimConfig> build_shim_config(Context& context,
                                           const ContainerConfig& config,
                                           StartMode mode,
                                           const network::Plan& plan) {
    const CreateRequest& options = config.options;
    shim::ShimConfig shim;
    shim.id = config.id;
    shim.runtime = TRY(find_runtime(options.runtime));
    shim.runtime_args = TRY(runtime_arguments(context, config));
    shim.run_dir = context.container_run_dir(config.id);
    shim.bundle = shim.run_dir;
    shim.state_dir = context.container_state_dir(config.id);
    shim.rootfs = shim.run_dir + "/rootfs";
    shim.terminal = options.terminal;
    shim.terminal_rows = context.terminal.rows;
    shim.terminal_columns = context.terminal.columns;
    shim.stop_signal = TRY(parse_signal(options.stop_signal));
    shim.stop_timeout_seconds = config.stop_timeout_seconds();
    shim.open_stdin = options.interactive;
    shim.stdin_once = options.interactive && mode == StartMode::Foreground;
    shim.foreground = mode == StartMode::Foreground;
    if (options.log_driver != "none") shim.log_path = shim.state_dir + "/ctr.log";
    shim.restart = shim_restart(options.restart.kind);
    shim.restart_max_retries = options.restart.max_retries;
    shim.durable_exit = !options.auto_remove;
    shim.sidecars = plan.sidecars;
    shim.keep_env = kept_environment();
    const bool needs_cleanup = options.auto_remove || plan.needs_teardown;
    if (needs_cleanup) {
        shim.exit_command = {TRY(find_sibling("dhow")),
                             "--root",
                             context.store.root(),
                             "--runroot",
                             context.run_root_path,
                             "container",
                             "cleanup",
                             config.id};
    }
    return shim;
}

// The last run's end is no longer this container's state.
Status forget_last_exit(Context& context, const std::string& id) {
    const auto state_dir = TRY(open_state_dir(context, id));
    return remove_file_at(state_dir.get(), std::string(shim::kExitFile));
}

Status note_started(Context& context, const std::string& id) {
    const auto state_dir = TRY(open_state_dir(context, id));
    const auto mark = TRY(open_at(state_dir.get(), kStartedFile, O_WRONLY | O_CREAT, 0600));
    return {};
}

}  // namespace

Result<FileLock> lock_container(Context& context, const std::string& id) {
    return FileLock::acquire_at(
        context.store.root_fd(), "containers/" + id + "/lock", FileLock::Mode::Exclusive);
}

Result<StartedContainer> launch_container(Context& context,
                                          const ContainerConfig& config,
                                          StartMode mode) {
    StartGuard guard(context, config);
    TRY(end_orphan(context, config));
    const auto run_dir = TRY(make_run_dir(context, config.id));
    TRY(mount_rootfs(context, config));
    const auto plan = TRY(set_up_network(context, config));
    TRY(write_resolver_files(context, config, plan));
    const auto cgroup = TRY(choose_cgroup(context, config));
    TRY(write_spec(context, config, run_dir.get(), plan, cgroup));
    TRY(forget_last_exit(context, config.id));
    auto shim_config = TRY(build_shim_config(context, config, mode, plan));
    // A unit's main process has to be in the unit, and systemd's own child, to be waited for.
    const shim::LaunchOptions options{
        .program = TRY(find_sibling("dhow-shim")),
        .clients = TRY(collect_pending_attaches(run_dir.get())),
        .cgroup = unit_waits() ? -1 : cgroup.shims.get(),
        .sibling = unit_waits(),
    };
    shim_config.initial_clients = static_cast<int>(options.clients.size());
    auto launch = shim::launch(options, shim_config);
    if (!launch) return shim::naming_command(std::move(launch).error(), config.argv().front());
    auto launched = launch.take();
    guard.dismiss();
    ignore(note_started(context, config.id), "matters only if the machine dies before its end");
    launched.shim.detach();
    ignore(notify_systemd(launched.status.shim.pid), "outside a unit nobody listens");
    StartedContainer started{.id = config.id, .pid = launched.status.container.pid};
    if (mode == StartMode::Foreground) started.connection = std::move(launched.connection);
    return started;
}

}  // namespace dhow::engine
