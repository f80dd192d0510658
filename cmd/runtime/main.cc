// SPDX-License-Identifier: Apache-2.0
// dhow-runtime: a one-shot OCI runtime with the command line of runc. Parses the global options,
// runs one verb, and reports its error: one line in --log, or on stderr.
#include "base/file.h"
#include "base/text.h"
#include "cmd/runtime/verb.h"
#include "oci/runtime/log.h"
#include "rootless/paths.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::runtime_cli {
namespace {

constexpr std::array<OptionSpec, 11> kGlobalOptions = {
    {{"root", 0, true, "folder of the state of containers"},
     {"log", 0, true, "file that errors, warnings and debug lines are appended to"},
     {"log-format", 0, true, "text (default) or json"},
     {"debug", 0, false, "log each step"},
     {"systemd-cgroup", 0, false, "cgroupsPath is SLICE:PREFIX:NAME"},
     {"cgroup-manager", 0, true, "cgroupfs or systemd, as crun has it"},
     {"rootless", 0, true, "accepted: found out by itself"},
     {"criu", 0, true, "the criu program, for checkpoint and restore"},
     {"version", 'v', false, "print the version"},
     {"help", 'h', false, "print this help"},
     {"no-subreaper", 0, false, "accepted"}}};

std::string environment(const char* name) {
    const char* value = ::secure_getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

// Podman calls the runtime as the root of a user namespace that it has made for an ordinary user;
// who is called root there is at home in the namespace, in a container say (as runc).
std::string default_root() {
    const std::string runtime_dir = environment("XDG_RUNTIME_DIR");
    const auto is_guest = [] {
        return rootless::in_user_namespace() && environment("USER") != "root";
    };
    if (runtime_dir.empty() || (::geteuid() == 0 && !is_guest())) return "/run/dhow-runtime";
    return runtime_dir + "/dhow-runtime";
}

std::string option_lines(std::span<const OptionSpec> options) {
    std::string text;
    for (const OptionSpec& option : options) {
        std::string name = "  --" + std::string(option.name);
        if (option.letter != 0) name += std::string(", -") + option.letter;
        if (option.takes_value) name += " VALUE";
        constexpr size_t kColumn = 28;
        name.resize(std::max(name.size() + 2, kColumn), ' ');
        text += name + std::string(option.help) + "\n";
    }
    return text;
}

std::string general_help() {
    std::string text =
        "NAME:\n   dhow-runtime - Open Container Initiative runtime\n\n"
        "USAGE:\n   dhow-runtime [OPTION...] VERB [ARGUMENT...]\n\nVERBS:\n";
    for (const Verb* verb : all_verbs()) {
        std::string name = "  " + std::string(verb->name);
        name.resize(14, ' ');
        text += name + std::string(verb->help) + "\n";
    }
    return text + "\nOPTIONS:\n" + option_lines(kGlobalOptions);
}

std::string verb_help(const Verb& verb) {
    const std::string name = "dhow-runtime " + std::string(verb.name);
    return "NAME:\n   " + name + " - " + std::string(verb.help) + "\n\nUSAGE:\n   " + name +
           " [OPTION...] " + std::string(verb.arguments) + "\n\nOPTIONS:\n" +
           option_lines(verb.options);
}

std::string version_text() {
    return "dhow-runtime version " DHOW_VERSION "\nspec: 1.3.0\n";
}

// Callers look for an error in the log, in what was printed, or (containerd, of kill) in that
// alone: so both have it, but where stderr is what the container's program writes to.
void report(const Error& error, const Options& global, std::string_view verb) {
    constexpr std::array<std::string_view, 4> kGiveStreams = {"create", "run", "restore", "exec"};
    const bool container_streams =
        std::find(kGiveStreams.begin(), kGiveStreams.end(), verb) != kGiveStreams.end();
    const bool to_stderr = !global.has("log");
    if (!to_stderr || global.value("log-format") == "json") {
        const bool logged = oci::write_log(oci::LogLevel::Error, error.message);
        if (logged && (to_stderr || container_streams)) return;
    }
    std::string line = "dhow-runtime: " + error.message;
    if (!error.fix.empty()) line += " (" + error.fix + ")";
    ignore(write_all(STDERR_FILENO, line + "\n"), "there is nobody left to tell");
}

const Verb* find_verb(const std::string& name) {
    for (const Verb* verb : all_verbs()) {
        if (verb->name == name) return verb;
    }
    return nullptr;
}

bool is_help(const std::string& arg) {
    return arg == "--help" || arg == "-h";
}

bool asks_for_help(std::span<const std::string> args, const Verb& verb) {
    // Beyond the container's id `exec` carries somebody else's options.
    const size_t end = verb.options_anywhere ? args.size() : std::min<size_t>(args.size(), 1);
    for (size_t i = 0; i < end; ++i) {
        if (is_help(args[i])) return true;
    }
    return false;
}

Status start_log(const Options& global) {
    const std::string format = global.value("log-format", "text");
    if (format != "text" && format != "json") {
        return make_error(ErrorKind::InvalidArgument, "invalid log-format: " + printable(format));
    }
    oci::set_log(global.value("log"), format == "json", global.flag("debug"));
    return {};
}

Result<int> run_verb(const Parsed& global) {
    TRY(start_log(global.options));
    if (global.options.flag("version")) {
        TRY(write_stdout(version_text()));
        return 0;
    }
    if (global.options.flag("help") || global.rest.empty() || global.rest[0] == "help") {
        TRY(write_stdout(general_help()));
        return 0;
    }
    const Verb* verb = find_verb(global.rest[0]);
    if (verb == nullptr && is_help(global.rest.back())) {
        return make_error(ErrorKind::InvalidArgument,
                          "No help topic for '" + printable(global.rest[0]) + "'");
    }
    if (verb == nullptr) {
        return make_error(ErrorKind::InvalidArgument,
                          "no such verb: '" + printable(global.rest[0]) + "'",
                          "see dhow-runtime --help");
    }
    const std::span<const std::string> args = std::span(global.rest).subspan(1);
    if (asks_for_help(args, *verb)) {
        TRY(write_stdout(verb_help(*verb)));
        return 0;
    }
    const auto parsed = TRY(parse_options(args, verb->options, verb->options_anywhere));
    if (parsed.rest.size() < verb->least_arguments || parsed.rest.size() > verb->most_arguments) {
        return make_error(
            ErrorKind::InvalidArgument,
            std::string(verb->name) + ": wrong number of arguments",
            "usage: dhow-runtime " + std::string(verb->name) + " " + std::string(verb->arguments));
    }
    const Context context{.root = global.options.value("root", default_root()),
                          .criu = global.options.value("criu", "criu"),
                          .systemd_cgroup = global.options.flag("systemd-cgroup") ||
                                            global.options.value("cgroup-manager") == "systemd"};
    return verb->run(context, parsed);
}

// A caller that closed 0, 1 or 2 would have our own files take their places: errors would be
// written into a socket of ours, and the program would inherit it.
void fill_standard_descriptors() {
    for (int fd = 0; fd <= 2; ++fd) {
        // They are there to be inherited.
        if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);  // NOLINT(android-cloexec-open)
    }
}

int run_main(int argc, char** argv) {
    fill_standard_descriptors();
    const std::vector<std::string> args(argv + 1, argv + argc);
    const auto global = parse_options(args, kGlobalOptions, false);
    if (!global) {
        report(global.error(), {}, {});
        return 1;
    }
    const auto code = run_verb(*global);
    if (code) return *code;
    const std::string verb = global->rest.empty() ? std::string() : global->rest[0];
    report(code.error(), global->options, verb);
    // runc: 255 says that the failure is exec's and not the program's
    return verb == "exec" ? 255 : 1;
}

}  // namespace
}  // namespace dhow::runtime_cli

int main(int argc, char** argv) {
    return dhow::runtime_cli::run_main(argc, argv);
}
