// SPDX-License-Identifier: Apache-2.0
// dhow: the command line. Parses, makes one call into the engine, prints, exits.
#include "cmd/dhow/argv_normalize.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/help.h"
#include "cmd/dhow/output.h"
#include "cmd/dhow/signals.h"

#include <csignal>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::cli {

namespace {

bool asks_for(const NormalizedArgv& argv, std::string_view name) {
    for (const OptionUse& use : argv.options) {
        if (use.option->name == name && use.value == "true") return true;
    }
    return false;
}

// `dhow` or `dhow image` alone: the help is printed, and being alone is still an error.
Result<int> without_command(const NormalizedArgv& argv) {
    if (argv.help) {
        TRY(print(group_help(argv.group)));
        return 0;
    }
    if (asks_for(argv, "version")) {
        TRY(print_line("dhow version " DHOW_VERSION));
        return 0;
    }
    TRY(print(group_help(argv.group) + "\n"));
    const std::string path = argv.path.empty() ? "dhow" : "dhow " + argv.path;
    return make_error(ErrorKind::InvalidArgument,
                      "missing command '" + path + " COMMAND'",
                      "See '" + path + " --help'");
}

Result<int> run_cli(const std::vector<std::string_view>& words) {
    NormalizedArgv argv = TRY(normalize_argv(words));
    if (argv.command == nullptr) return without_command(argv);
    if (argv.help) {
        TRY(print(command_help(*argv.command, argv.path)));
        return 0;
    }
    Args args = TRY(Args::parse(argv));
    Invocation call(*argv.command, argv.group, std::move(argv.path), std::move(args));
    return handle(call);
}

// A file opened on a missing 0, 1 or 2 would be taken for a standard stream: a database for stdout.
void fill_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) >= 0) continue;
        // The lowest free number is fd itself; children shall have it too.
        ::open("/dev/null", O_RDWR);  // NOLINT(android-cloexec-open)
    }
}

}  // namespace

}  // namespace dhow::cli

int main(int argc, char** argv) {
    // Sockets and pipes to other processes report EPIPE; print() restores the habit for stdout.
    dhow::cli::fill_standard_descriptors();
    dhow::cli::ignore_signal(SIGPIPE);
    const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const dhow::Result<int> code = dhow::cli::run_cli(words);
    if (code) return *code;
    dhow::cli::print_error(code.error());
    return dhow::cli::exit_code(code.error().kind);
}
