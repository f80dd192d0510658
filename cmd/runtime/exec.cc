// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/text.h"
#include "cmd/runtime/verb.h"
#include "oci/runtime/join.h"
#include "oci/runtime/log.h"
#include "oci/runtime/process/console_socket.h"
#include "oci/runtime/process/terminal_relay.h"
#include "oci/runtime/security/capabilities.h"
#include "oci/runtime/self_protect.h"
#include "oci/runtime/validate.h"

#include <algorithm>
#include <array>

#include <fcntl.h>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 18> kOptions = {
    {{"process", 'p', true, "file with the process to run, as in config.json"},
     {"console-socket", 0, true, "where to send the terminal's master"},
     {"cwd", 0, true, "working directory"},
     {"env", 'e', true, "add a variable, NAME=VALUE"},
     {"tty", 't', false, "allocate a terminal"},
     {"user", 'u', true, "UID[:GID]"},
     {"additional-gids", 'g', true, "add a group"},
     {"detach", 'd', false, "leave the process running and return"},
     {"pid-file", 0, true, "where to write its pid"},
     {"pidfd-socket", 0, true, "where to send a pidfd of it"},
     {"process-label", 0, true, "SELinux label"},
     {"apparmor", 0, true, "AppArmor profile"},
     {"no-new-privs", 0, false, "set no_new_privs"},
     {"cap", 'c', true, "add a capability"},
     {"preserve-fds", 0, true, "how many descriptors from 3 up to pass on"},
     {"cgroup", 0, true, "[CONTROLLER[,CONTROLLER]:]PATH below the container's cgroup"},
     {"ignore-paused", 0, false, "also in a paused container"},
     {"no-subreaper", 0, false, "accepted: this runtime never reaps for others"}}};

static Result<uint32_t> parse_id(const std::string& text, const char* what) {
    const auto id = parse_int<uint32_t>(text);
    if (id && *id != UINT32_MAX) return *id;
    return make_error(ErrorKind::InvalidArgument,
                      std::string("invalid ") + what + " '" + printable(text) + "'");
}

static Status apply_user(const Options& options, oci::User& user) {
    if (options.has("user")) {
        const auto parts = split(options.value("user"), ':');
        if (parts.size() > 2) {
            return make_error(ErrorKind::InvalidArgument,
                              "invalid user '" + printable(options.value("user")) + "'");
        }
        user.uid = TRY(parse_id(parts[0], "uid"));
        if (parts.size() == 2) user.gid = TRY(parse_id(parts[1], "gid"));
    }
    for (const std::string& group : options.values("additional-gids")) {
        user.additional_gids.push_back(TRY(parse_id(group, "gid")));
    }
    return {};
}

static void add_capability(std::vector<std::string>& set, const std::string& name) {
    if (std::find(set.begin(), set.end(), name) == set.end()) set.push_back(name);
}

// Of those that this process asks for: the container's own were told when it was made.
static void warn_of_unknown(const oci::Capabilities& capabilities) {
    for (const std::string& name : oci::unknown_capabilities(capabilities)) {
        oci::log_warning("ignoring unknown capability " + printable(name));
    }
}

static void apply_capabilities(const Options& options, oci::Process& process) {
    if (!options.has("cap")) return;
    if (!process.capabilities) process.capabilities.emplace();
    warn_of_unknown({.bounding = options.values("cap")});
    auto& sets = *process.capabilities;
    for (const std::string& name : options.values("cap")) {
        add_capability(sets.bounding, name);
        add_capability(sets.effective, name);
        add_capability(sets.permitted, name);
        // As runc: they reach another user's program only through the ambient set.
        if (!sets.inheritable.empty()) add_capability(sets.inheritable, name);
        if (!sets.ambient.empty()) add_capability(sets.ambient, name);
    }
}

// The container's own process with what the command line changes.
static Result<oci::Process> process_from_options(const Parsed& parsed, const oci::Process& base) {
    const Options& options = parsed.options;
    oci::Process process = base;
    process.args.assign(parsed.rest.begin() + 1, parsed.rest.end());
    if (process.args.empty()) {
        return make_error(ErrorKind::InvalidArgument, "exec args cannot be empty");
    }
    process.terminal = options.flag("tty");
    process.console_size.reset();
    if (options.has("cwd")) process.cwd = options.value("cwd");
    for (const std::string& entry : options.values("env")) process.env.push_back(entry);
    if (options.has("apparmor")) process.apparmor_profile = options.value("apparmor");
    if (options.has("process-label")) process.selinux_label = options.value("process-label");
    if (options.has("no-new-privs")) process.no_new_privileges = options.flag("no-new-privs");
    apply_capabilities(options, process);
    TRY(apply_user(options, process.user));
    return process;
}

static Result<oci::Process> choose_process(const Parsed& parsed, const oci::RuntimeSpec& spec) {
    oci::Process process;
    if (parsed.options.has("process")) {
        const auto text = TRY(read_file_at(AT_FDCWD, parsed.options.value("process")));
        process = TRY(oci::parse_process(text));
        if (parsed.options.flag("tty")) process.terminal = true;
        warn_of_unknown(process.capabilities.value_or(oci::Capabilities{}));
    } else {
        if (!spec.process) return make_error(ErrorKind::InvalidArgument, "process is missing");
        process = TRY(process_from_options(parsed, *spec.process));
    }
    // A process that names no label of its own is confined as the container is.
    if (spec.process && process.apparmor_profile.empty()) {
        process.apparmor_profile = spec.process->apparmor_profile;
    }
    if (spec.process && process.selinux_label.empty()) {
        process.selinux_label = spec.process->selinux_label;
    }
    TRY(oci::validate_process(process));
    return process;
}

static Status check_status(const Container& container, const Options& options) {
    if (container.status == oci::ContainerStatus::Stopped) {
        return make_error(ErrorKind::Conflict, "cannot exec in a stopped container");
    }
    if (container.status == oci::ContainerStatus::Paused && !options.flag("ignore-paused")) {
        return make_error(ErrorKind::Conflict,
                          "cannot exec in a paused container (use --ignore-paused to override)");
    }
    return {};
}

static Result<int> run_process(oci::Joined& joined, const UniqueFd& pidfd_socket, bool detach) {
    if (detach) {
        TRY(oci::start_joined(joined));
        TRY(oci::send_pidfd(pidfd_socket, joined.process.pidfd()));
        joined.process.detach();
        return 0;
    }
    auto foreground = TRY(oci::Foreground::begin(std::move(joined.terminal)));
    TRY(oci::start_joined(joined));
    TRY(oci::send_pidfd(pidfd_socket, joined.process.pidfd()));
    const auto status = TRY(foreground.wait(joined.process));
    return status.exit_code();
}

static Result<int> exec(const Context& context, const Parsed& parsed) {
    TRY(oci::protect_own_binary());
    const Options& options = parsed.options;
    oci::JoinOptions join;
    join.preserved_fds = TRY(preserved_descriptors(options));
    join.console_socket = options.value("console-socket");
    join.detach = options.flag("detach");
    join.cgroups = options.values("cgroup");
    std::erase(join.cgroups, "");
    const auto container = TRY(open_container(context, parsed.rest[0]));
    TRY(check_status(container, options));
    const auto spec = TRY(load_spec(container.state.bundle));
    const auto process = TRY(choose_process(parsed, spec));
    if (process.terminal && join.detach && join.console_socket.empty()) {
        return make_error(
            ErrorKind::InvalidArgument,
            "cannot allocate tty if runtime will detach without setting console socket",
            "use --console-socket");
    }
    const auto socket = TRY(oci::connect_pidfd_socket(options.value("pidfd-socket")));
    auto joined = TRY(oci::join(container.state, spec, process, join));
    TRY(write_pid_file(options.value("pid-file"), joined.process.pid()));
    return run_process(joined, socket, join.detach);
}

const Verb kExec{.name = "exec",
                 .arguments = "CONTAINER COMMAND [ARGUMENT...]",
                 .help = "run another process in a container",
                 .options = kOptions,
                 .options_anywhere = false,
                 .least_arguments = 1,
                 .most_arguments = SIZE_MAX,
                 .run = exec};

}  // namespace dhow::runtime_cli
