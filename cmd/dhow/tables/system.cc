// SPDX-License-Identifier: Apache-2.0
// Commands about dhow itself.
#include "cmd/dhow/commands.h"

#include <array>

namespace dhow::cli {

namespace {

using enum ValueType;

constexpr auto kFormatOptions = std::to_array<OptionSpec>({
    {.name = "format",
     .shorthand = 'f',
     .type = String,
     .help = "Change the output format to JSON or a Go template"},
});

constexpr auto kResetOptions = std::to_array<OptionSpec>({
    {.name = "force", .shorthand = 'f', .help = "Do not prompt for confirmation"},
});

constexpr auto kServiceOptions = std::to_array<OptionSpec>({
    {.name = "time",
     .shorthand = 't',
     .type = Uint,
     .help = "Seconds until the service ends when it is idle; 0 means never",
     .default_text = "5"},
});

constexpr auto kCheckOptions = std::to_array<OptionSpec>({
    {.name = "force",
     .shorthand = 'f',
     .help = "Remove damaged images, and containers that use them"},
    {.name = "max", .shorthand = 'm', .type = String, .help = "Accepted", .hidden = true},
    {.name = "quick",
     .shorthand = 'q',
     .help = "Only look whether everything is there, not what is in it"},
    {.name = "repair", .shorthand = 'r', .help = "Remove damaged images that no container uses"},
});

constexpr auto kDfOptions = std::to_array<OptionSpec>({
    {.name = "format", .type = String, .help = "Change the output to JSON or a Go template"},
    {.name = "verbose", .shorthand = 'v', .help = "Show detailed information on disk usage"},
});

constexpr auto kPruneOptions = std::to_array<OptionSpec>({
    {.name = "all", .shorthand = 'a', .help = "Remove all images that no container uses"},
    {.name = "build", .help = "Accepted: nothing is left of builds", .hidden = true},
    {.name = "external", .help = "Accepted: nothing is shared with others", .hidden = true},
    {.name = "filter",
     .type = StringArray,
     .help = "Provide filter values: label=, label!=, until="},
    {.name = "force", .shorthand = 'f', .help = "Do not prompt for confirmation"},
    {.name = "volumes", .help = "Remove anonymous volumes that no container uses, too"},
});

constexpr auto kCommands = std::to_array<Command>({
    {.paths = "help",
     .verb = Verb::Help,
     .summary = "Help about any command",
     .description = "Shows the help of a command.",
     .usage = "[COMMAND...]",
     .examples = "help run\nhelp image ls"},
    {.paths = "info|system info",
     .verb = Verb::Info,
     .summary = "Display dhow system information",
     .description =
         "Display information pertaining to the host, current storage stats, and build of "
         "dhow. Useful for the user and when reporting issues.",
     .usage = "[options]",
     .examples = "info\ninfo --format '{{.Host.Kernel}}'",
     .options = kFormatOptions,
     .max_args = 0},
    {.paths = "system check",
     .verb = Verb::SystemCheck,
     .summary = "Check storage consistency",
     .description =
         "Looks whether every image, layer and volume is there, and reads all of them again to see "
         "whether they are what they are called.",
     .usage = "[options]",
     .examples = "system check\nsystem check --quick\nsystem check --repair --force",
     .options = kCheckOptions,
     .max_args = 0},
    {.paths = "system df",
     .verb = Verb::SystemDf,
     .summary = "Show dhow disk usage",
     .description = "Shows how much of the disk images, containers and volumes take.",
     .usage = "[options]",
     .examples = "system df\nsystem df -v\nsystem df --format '{{.Type}}: {{.Size}}'",
     .options = kDfOptions,
     .max_args = 0},
    {.paths = "system prune",
     .verb = Verb::SystemPrune,
     .summary = "Remove unused data",
     .description = "Removes containers that do not run, and images that are not needed any more.",
     .usage = "[options]",
     .examples = "system prune\nsystem prune --all --volumes --force",
     .options = kPruneOptions,
     .max_args = 0},
    {.paths = "system reset",
     .verb = Verb::SystemReset,
     .summary = "Reset dhow storage",
     .description = "Removes all containers, images and volumes.",
     .usage = "[options]",
     .examples = "system reset --force",
     .options = kResetOptions,
     .max_args = 0},
    {.paths = "system service",
     .verb = Verb::SystemService,
     .summary = "Run API service",
     .description = "Runs the Docker-compatible API service on a unix socket, or on the socket "
                    "systemd passed to it.",
     .usage = "[options] [URI]",
     .examples = "system service --time=0\nsystem service unix:///run/user/1000/dhow/dhow.sock",
     .options = kServiceOptions,
     .max_args = 1},
    {.paths = "version",
     .verb = Verb::Version,
     .summary = "Display the dhow version information",
     .description = "Shows the version of dhow and what it was built for.",
     .usage = "[options]",
     .examples = "version\nversion --format '{{.Client.Version}}'",
     .options = kFormatOptions,
     .max_args = 0},
});

}  // namespace

std::span<const Command> system_commands() {
    return kCommands;
}

}  // namespace dhow::cli
