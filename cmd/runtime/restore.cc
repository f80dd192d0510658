// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/checkpoint/restore.h"

#include "cmd/runtime/criu_options.h"
#include "cmd/runtime/verb.h"
#include "oci/runtime/hooks.h"
#include "oci/runtime/process/terminal_relay.h"

#include <array>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 18> kOptions = {
    {{"image-path", 0, true, "folder of the checkpoint, default: ./checkpoint"},
     {"work-path", 0, true, "folder for criu's log"},
     {"bundle", 'b', true, "folder of config.json, default: the current one"},
     {"console-socket", 0, true, "where to send the terminal's master"},
     {"pid-file", 0, true, "where to write the init's pid"},
     {"detach", 'd', false, "leave the container running and return"},
     {"tcp-established", 0, false, "restore open tcp connections"},
     {"ext-unix-sk", 0, false, "allow unix sockets whose other end is outside"},
     {"shell-job", 0, false, "allow processes with a terminal of the outside"},
     {"file-locks", 0, false, "restore file locks"},
     {"manage-cgroups-mode", 0, true, "soft, full, strict or ignore (default)"},
     {"no-subreaper", 0, false, "accepted: this runtime never reaps for others"},
     {"no-pivot", 0, false, "accepted"},
     {"empty-ns", 0, true, "a namespace to leave empty: network, which always is"},
     {"auto-dedup", 0, false, "free pages of the checkpoint as they are read"},
     {"lazy-pages", 0, false, "not supported"},
     {"lsm-mount-context", 0, true, "SELinux context of mounts"},
     {"lsm-profile", 0, true, "TYPE:NAME of another security profile"}}};

static Result<oci::LaunchOptions> launch_options(const Context& context, const Parsed& parsed) {
    const Options& options = parsed.options;
    oci::LaunchOptions launch;
    launch.id = parsed.rest[0];
    launch.bundle = TRY(resolve_bundle(options.value("bundle")));
    launch.console_socket = options.value("console-socket");
    launch.no_pivot = options.flag("no-pivot");
    launch.systemd_cgroup = context.systemd_cgroup;
    launch.detach = options.flag("detach");
    return launch;
}

static Status poststart(const oci::RuntimeSpec& spec, const oci::ContainerState& state) {
    if (!spec.hooks) return {};
    const auto document = oci::public_state(state, oci::ContainerStatus::Running, false);
    return oci::run_hooks(spec.hooks->poststart, "poststart", document);
}

static Result<int> see_off(oci::Restored& restored,
                           oci::StateFolder& folder,
                           const oci::RuntimeSpec& spec,
                           const Parsed& parsed) {
    TRY(write_pid_file(parsed.options.value("pid-file"), restored.state.init.pid));
    TRY(poststart(spec, restored.state));
    if (parsed.options.flag("detach")) {
        restored.init.detach();
        return 0;
    }
    auto foreground = TRY(oci::Foreground::begin(std::move(restored.terminal)));
    const auto status = TRY(foreground.wait(restored.init));
    Container container{std::move(folder), restored.state, oci::ContainerStatus::Stopped};
    TRY(destroy_container(container));
    return status.exit_code();
}

static Result<int> restore(const Context& context, const Parsed& parsed) {
    const auto criu = TRY(criu_options(context, parsed.options));
    const auto launch = TRY(launch_options(context, parsed));
    const auto spec = TRY(load_spec(launch.bundle));
    auto folder = TRY(oci::StateFolder::create(context.root, launch.id));
    auto restored = oci::restore(spec, launch, criu, folder);
    if (!restored) {
        ignore(folder.remove(), "the first error is the one to tell");
        return Error(restored.error()).context("restore container '" + launch.id + "'");
    }
    auto code = see_off(*restored, folder, spec, parsed);
    if (!code) {
        Container container{std::move(folder), restored->state, oci::ContainerStatus::Running};
        ignore(destroy_container(container), "the first error is the one to tell");
    }
    return code;
}

const Verb kRestore{.name = "restore",
                    .arguments = "CONTAINER",
                    .help = "make a container again from files of checkpoint",
                    .options = kOptions,
                    .least_arguments = 1,
                    .most_arguments = 1,
                    .run = restore};

}  // namespace dhow::runtime_cli
