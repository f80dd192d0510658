// SPDX-License-Identifier: Apache-2.0
#include "engine/systemd_unit.h"

#include "base/text.h"

#include <algorithm>

namespace dhow::engine {

namespace {

constexpr std::string_view kRestartPolicies[] = {
    "no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"};
// systemd must not give up before the container's own stop timeout has passed.
constexpr int kStopMargin = 60;

std::string join_words(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) {
        if (!line.empty()) line += ' ';
        line += quote_unit_word(word);
    }
    return line;
}

// A comment or description is one line, whatever a name may hold.
std::string one_line(std::string_view text) {
    std::string line = printable(text);
    std::string doubled;
    for (const char c : line) doubled += c == '%' ? "%%" : std::string(1, c);
    return doubled;
}

void put(std::string& unit, std::string_view key, const std::string& value) {
    unit += std::string(key) + "=" + value + "\n";
}

std::vector<std::string> dhow_call(const UnitInput& input, std::vector<std::string> words) {
    std::vector<std::string> call = input.dhow;
    call.insert(call.end(), words.begin(), words.end());
    return call;
}

Status check_restart(const std::string& policy) {
    const auto* end = std::end(kRestartPolicies);
    if (std::find(std::begin(kRestartPolicies), end, policy) != end) return {};
    return make_error(ErrorKind::InvalidArgument,
                      "restart policy '" + printable(policy) + "' is not one of systemd's",
                      "use no, on-success, on-failure, on-abnormal, on-abort or always");
}

void append_option(std::vector<std::string>& words, const char* name, const std::string& value) {
    if (!value.empty()) words.push_back(std::string(name) + "=" + value);
}

void append_flag(std::vector<std::string>& words, const char* name, bool wanted) {
    if (wanted) words.emplace_back(name);
}

std::string port_text(const PortMapping& port) {
    std::string text;
    if (!port.host_ip.empty()) {
        const bool v6 = port.host_ip.find(':') != std::string::npos;
        text += v6 ? "[" + port.host_ip + "]:" : port.host_ip + ":";
    }
    text += std::to_string(port.host_port) + ":" + std::to_string(port.container_port);
    return text + "/" + std::string(protocol_name(port.protocol));
}

std::string network_text(const CreateRequest& options) {
    const std::string name(network_name(options.network));
    return options.network == NetworkKind::Container ? name + ":" + options.network_container
                                                     : name;
}

void append_mounts(std::vector<std::string>& words, const CreateRequest& options) {
    for (const MountSpec& mount : options.mounts) {
        std::vector<std::string> rest = mount.options;
        if (mount.read_only) rest.emplace_back("ro");
        const std::string suffix = rest.empty() ? "" : ":" + join(rest, ",");
        if (mount.kind == MountKind::Tmpfs) {
            append_option(words, "--tmpfs", mount.destination + suffix);
        } else {
            append_option(words, "--volume", mount.source + ":" + mount.destination + suffix);
        }
    }
}

void append_limits(std::vector<std::string>& words, const Resources& resources) {
    if (resources.memory) append_option(words, "--memory", std::to_string(*resources.memory));
    if (resources.memory_swap) {
        append_option(words, "--memory-swap", std::to_string(*resources.memory_swap));
    }
    if (resources.pids_limit) {
        append_option(words, "--pids-limit", std::to_string(*resources.pids_limit));
    }
    if (resources.nano_cpus) {
        const auto whole = std::to_string(*resources.nano_cpus / 1'000'000'000);
        std::string fraction = std::to_string(*resources.nano_cpus % 1'000'000'000);
        fraction.insert(0, 9 - fraction.size(), '0');
        append_option(words, "--cpus", whole + "." + fraction);
    }
}

void append_lists(std::vector<std::string>& words, const CreateRequest& options) {
    for (const std::string& entry : options.env) append_option(words, "--env", entry);
    for (const auto& [key, value] : options.labels) {
        append_option(words, "--label", key + "=" + value);
    }
    for (const auto& [key, value] : options.annotations) {
        append_option(words, "--annotation", key + "=" + value);
    }
    for (const PortMapping& port : options.ports)
        append_option(words, "--publish", port_text(port));
    for (const std::string& name : options.cap_add) append_option(words, "--cap-add", name);
    for (const std::string& name : options.cap_drop) append_option(words, "--cap-drop", name);
    for (const std::string& option : options.security_opt) {
        append_option(words, "--security-opt", option);
    }
}

}  // namespace

std::string quote_unit_word(std::string_view word) {
    std::string quoted;
    bool plain = !word.empty();
    for (const char c : word) {
        const auto byte = static_cast<unsigned char>(c);
        const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') ||
                          std::string_view("-_./:=,@+").find(c) != std::string_view::npos;
        plain = plain && safe;
        if (byte < 0x20 || byte == 0x7f) {
            quoted += "\\x" + to_hex(std::string_view(&c, 1));
        } else if (c == '"' || c == '\\') {
            quoted += std::string("\\") + c;
        } else if (c == '%' || c == '$') {
            quoted += std::string(2, c);
        } else {
            quoted += c;
        }
    }
    return plain ? quoted : "\"" + quoted + "\"";
}

std::vector<std::string> run_arguments(const ContainerConfig& config) {
    const CreateRequest& options = config.options;
    std::vector<std::string> words;
    append_option(words, "--name", config.name);
    append_lists(words, options);
    append_mounts(words, options);
    append_limits(words, options.resources);
    append_option(words, "--hostname", options.hostname);
    append_option(words, "--user", options.user);
    append_option(words, "--workdir", options.working_dir);
    append_option(words, "--network", network_text(options));
    append_option(words, "--runtime", options.runtime);
    append_option(words, "--log-driver", options.log_driver);
    append_option(words, "--stop-signal", options.stop_signal);
    if (options.stop_timeout_seconds) {
        append_option(words, "--stop-timeout", std::to_string(*options.stop_timeout_seconds));
    }
    append_flag(words, "--interactive", options.interactive);
    append_flag(words, "--tty", options.terminal);
    append_flag(words, "--read-only", options.read_only);
    append_flag(words, "--init", options.init);
    append_flag(words, "--privileged", options.privileged);
    // The rest of an entrypoint goes before the command: --entrypoint takes its first word.
    std::vector<std::string> command = config.argv();
    words.push_back("--entrypoint=" + command.front());
    words.push_back(config.image);
    words.insert(words.end(), command.begin() + 1, command.end());
    return words;
}

Result<std::string> build_systemd_unit(const UnitInput& input) {
    const GenerateSystemdRequest& request = input.request;
    TRY(check_restart(request.restart_policy));
    const ContainerConfig& config = input.config;
    const std::string target = request.use_name || request.recreate ? config.name : config.id;
    const int timeout = request.stop_timeout_seconds.value_or(config.stop_timeout_seconds());
    const std::string seconds = std::to_string(timeout);
    std::string unit =
        "# container-" + one_line(target) + ".service, written by: dhow generate systemd\n";
    unit += "\n[Unit]\n";
    put(unit, "Description", "dhow container " + one_line(config.name));
    put(unit, "Wants", "network-online.target");
    put(unit, "After", "network-online.target");
    unit += "\n[Service]\n";
    put(unit, "Environment", "DHOW_SYSTEMD_UNIT=%n");
    put(unit, "Restart", request.restart_policy);
    put(unit, "TimeoutStopSec", std::to_string(timeout + kStopMargin));
    // dhow names the shim as the main process, then leaves (sd_notify(3), MAINPID=).
    put(unit, "Type", "notify");
    put(unit, "NotifyAccess", "all");
    // The shim ends the container in order; systemd killing both at once would lose its exit code.
    put(unit, "KillMode", "mixed");
    put(unit, "Delegate", "yes");
    if (request.recreate) {
        auto run = run_arguments(config);
        run.insert(run.begin(), {"run", "--detach", "--replace"});
        put(unit, "ExecStart", join_words(dhow_call(input, std::move(run))));
        put(unit, "ExecStop", join_words(dhow_call(input, {"stop", "--time=" + seconds, target})));
        put(unit, "ExecStopPost", "-" + join_words(dhow_call(input, {"rm", "--force", target})));
    } else {
        put(unit, "ExecStart", join_words(dhow_call(input, {"start", target})));
        put(unit, "ExecStop", join_words(dhow_call(input, {"stop", "--time=" + seconds, target})));
    }
    unit += "\n[Install]\n";
    put(unit, "WantedBy", input.rootless ? "default.target" : "multi-user.target");
    return unit;
}

}  // namespace dhow::engine
