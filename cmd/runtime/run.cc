// SPDX-License-Identifier: Apache-2.0
// `run` and `create`: the same way up to the moment before the program's first instruction.
#include "cmd/runtime/verb.h"
#include "oci/runtime/hooks.h"
#include "oci/runtime/launch.h"
#include "oci/runtime/namespaces/user_map.h"
#include "oci/runtime/process/console_socket.h"
#include "oci/runtime/process/terminal_relay.h"
#include "oci/runtime/self_protect.h"

#include <array>
#include <cerrno>
#include <cstdlib>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 8> kCreateOptions = {
    {{"bundle", 'b', true, "folder of config.json, default: the current one"},
     {"console-socket", 0, true, "where to send the terminal's master"},
     {"pid-file", 0, true, "where to write the init's pid"},
     {"pidfd-socket", 0, true, "where to send a pidfd of the init"},
     {"no-pivot", 0, false, "chroot instead of pivot_root"},
     {"no-new-keyring", 0, false, "keep the caller's session keyring"},
     {"preserve-fds", 0, true, "how many descriptors from 3 up to pass on"},
     {"config", 'f', true, "another name for config.json"}}};
static constexpr std::array<OptionSpec, 11> kRunOptions = {
    {kCreateOptions[0],
     kCreateOptions[1],
     kCreateOptions[2],
     kCreateOptions[3],
     kCreateOptions[4],
     kCreateOptions[5],
     kCreateOptions[6],
     kCreateOptions[7],
     {"detach", 'd', false, "leave the container running and return"},
     {"keep", 0, false, "do not delete the container when it ends"},
     {"no-subreaper", 0, false, "accepted: this runtime never reaps for others"}}};

static oci::HostPrograms host_programs() {
    const auto value = [](const char* name) {
        const char* text = ::secure_getenv(name);
        return std::string(text == nullptr ? "" : text);
    };
    return {value("PATH"), value("LD_LIBRARY_PATH")};
}

static Result<oci::LaunchOptions> launch_options(const Context& context,
                                                 const Parsed& parsed,
                                                 bool create) {
    const Options& options = parsed.options;
    oci::LaunchOptions launch;
    launch.id = parsed.rest[0];
    launch.preserved_fds = TRY(preserved_descriptors(options));
    launch.bundle = TRY(resolve_bundle(options.value("bundle")));
    launch.console_socket = options.value("console-socket");
    launch.host = host_programs();
    launch.no_pivot = options.flag("no-pivot");
    launch.new_keyring = !options.flag("no-new-keyring");
    launch.systemd_cgroup = context.systemd_cgroup;
    launch.wait_for_start = create;
    launch.detach = create || options.flag("detach");
    return launch;
}

static Result<oci::RuntimeSpec> load(const Options& options, const std::string& bundle) {
    if (!options.has("config")) return load_spec(bundle);
    return load_spec_file(options.value("config"));
}

static Status poststart(const oci::RuntimeSpec& spec, const oci::ContainerState& state) {
    if (!spec.hooks || spec.hooks->poststart.empty()) return {};
    const auto document = oci::public_state(state, oci::ContainerStatus::Running, false);
    return oci::run_hooks(spec.hooks->poststart, "poststart", document);
}

// Kills init and removes what launch() made of the container.
static void undo(oci::Launched launched, oci::StateFolder folder) {
    Container container{
        std::move(folder), std::move(launched.state), oci::ContainerStatus::Running};
    { const Child init = std::move(launched.init); }
    ignore(destroy_container(container), "the first error is the one to tell");
}

static Result<int> run_foreground(oci::Launched& launched,
                                  oci::StateFolder& folder,
                                  const oci::RuntimeSpec& spec,
                                  const UniqueFd& pidfd_socket,
                                  bool keep) {
    auto foreground = TRY(oci::Foreground::begin(std::move(launched.terminal)));
    TRY(oci::start_program(launched));
    TRY(oci::send_pidfd(pidfd_socket, launched.init.pidfd()));
    TRY(poststart(spec, launched.state));
    const auto status = TRY(foreground.wait(launched.init));
    if (!keep) {
        Container container{std::move(folder), launched.state, oci::ContainerStatus::Stopped};
        TRY(destroy_container(container));
    }
    return status.exit_code();
}

static Result<int> bring_up(oci::Launched& launched,
                            oci::StateFolder& folder,
                            const oci::RuntimeSpec& spec,
                            const oci::LaunchOptions& launch,
                            const Options& options) {
    TRY(folder.save(launched.state));
    TRY(write_pid_file(options.value("pid-file"), launched.state.init.pid));
    const auto socket = TRY(oci::connect_pidfd_socket(options.value("pidfd-socket")));
    if (!launch.detach) {
        return run_foreground(launched, folder, spec, socket, options.flag("keep"));
    }
    if (launch.wait_for_start) {
        TRY(oci::leave_created(launched));
        TRY(oci::send_pidfd(socket, launched.init.pidfd()));
        return 0;
    }
    TRY(oci::start_program(launched));
    TRY(oci::send_pidfd(socket, launched.init.pidfd()));
    TRY(poststart(spec, launched.state));
    launched.init.detach();
    return 0;
}

// config.md has `process` needed by `start` alone. What waits for it has no rights at all.
static void stand_in(oci::RuntimeSpec& spec, oci::LaunchOptions& launch) {
    spec.process = oci::Process{};
    spec.process->cwd = "/";
    spec.process->capabilities.emplace();
    spec.process->no_new_privileges = true;
    launch.no_program = true;
}

static Result<int> start_container(const Context& context, const Parsed& parsed, bool create) {
    TRY(oci::protect_own_binary());
    auto launch = TRY(launch_options(context, parsed, create));
    auto spec = TRY(load(parsed.options, launch.bundle));
    // Podman runs images of modules by "crun-wasm", a link to its runtime.
    if (std::string_view(::program_invocation_short_name).ends_with("-wasm"))
        spec.annotations.emplace("run.oci.handler", "wasm");
    if (spec.process) pass_activation(*spec.process);
    if (!spec.process && create) stand_in(spec, launch);
    if (spec.linux_) oci::default_user_map(*spec.linux_);
    auto folder = TRY(oci::StateFolder::create(context.root, launch.id));
    auto launched = oci::launch(spec, launch, folder);
    if (!launched) {
        ignore(folder.remove(), "the first error is the one to tell");
        return std::move(launched).error();
    }
    auto code = bring_up(*launched, folder, spec, launch, parsed.options);
    if (!code) undo(launched.take(), std::move(folder));
    return code;
}

static Result<int> run(const Context& context, const Parsed& parsed) {
    return start_container(context, parsed, false);
}

static Result<int> create(const Context& context, const Parsed& parsed) {
    return start_container(context, parsed, true);
}

const Verb kRun{.name = "run",
                .arguments = "CONTAINER",
                .help = "create and start a container",
                .options = kRunOptions,
                .least_arguments = 1,
                .most_arguments = 1,
                .run = run};
const Verb kCreate{.name = "create",
                   .arguments = "CONTAINER",
                   .help = "create a container that waits for start",
                   .options = kCreateOptions,
                   .least_arguments = 1,
                   .most_arguments = 1,
                   .run = create};

}  // namespace dhow::runtime_cli
