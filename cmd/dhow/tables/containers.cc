// SPDX-License-Identifier: Apache-2.0
// Commands that look at containers and leave them as they are (and rename, which changes a row).
#include "cmd/dhow/commands.h"

#include <array>

namespace dhow::cli {

namespace {

using enum ValueType;

constexpr auto kPsOptions = std::to_array<OptionSpec>({
    {.name = "all",
     .shorthand = 'a',
     .help = "Show all the containers, default is only running containers"},
    {.name = "filter",
     .shorthand = 'f',
     .type = StringArray,
     .help = "Filter output based on conditions given"},
    {.name = "format",
     .type = String,
     .help = "Pretty-print containers to JSON or using a Go template"},
    {.name = "last",
     .shorthand = 'n',
     .type = Int,
     .help = "Print the n last created containers (all states)",
     .default_text = "-1"},
    {.name = "latest", .shorthand = 'l', .help = "Act on the latest container dhow is aware of"},
    {.name = "no-trunc", .help = "Display the extended information"},
    {.name = "noheading", .help = "Do not print headers"},
    {.name = "quiet", .shorthand = 'q', .help = "Print the numeric IDs of the containers only"},
    {.name = "sort",
     .type = String,
     .help = "Sort output by: command, created, id, image, names, status",
     .value_name = "choice"},
});

constexpr auto kInspectOptions = std::to_array<OptionSpec>({
    {.name = "format",
     .shorthand = 'f',
     .type = String,
     .help = "Format the output to a Go template or json",
     .default_text = "json"},
    {.name = "type",
     .shorthand = 't',
     .type = String,
     .help = "Specify inspect-object type (\"all\"|\"container\"|\"image\"|\"volume\")",
     .default_text = "all"},
});

constexpr auto kTypedInspectOptions = std::to_array<OptionSpec>({
    {.name = "format",
     .shorthand = 'f',
     .type = String,
     .help = "Format the output to a Go template or json",
     .default_text = "json"},
});

constexpr auto kLogsOptions = std::to_array<OptionSpec>({
    {.name = "follow", .shorthand = 'f', .help = "Follow log output. The default is false"},
    {.name = "names", .shorthand = 'n', .help = "Output the container name in the log"},
    {.name = "since",
     .type = String,
     .help = "Show logs since TIMESTAMP (RFC 3339, Unix seconds, or an age like 10m)"},
    {.name = "tail",
     .type = Int,
     .help = "Output the specified number of LINES at the end of the logs. Defaults to -1, which "
             "prints all lines",
     .default_text = "-1"},
    {.name = "timestamps", .shorthand = 't', .help = "Output the timestamps in the log"},
    {.name = "until",
     .type = String,
     .help = "Show logs until TIMESTAMP (RFC 3339, Unix seconds, or an age like 10m)"},
});

constexpr auto kGenerateSystemdOptions = std::to_array<OptionSpec>({
    {.name = "name",
     .shorthand = 'n',
     .help = "Use container names instead of IDs in the unit and its file name"},
    {.name = "new", .help = "Create a new container or pod instead of starting an existing one"},
    {.name = "files",
     .shorthand = 'f',
     .help = "Generate .service files instead of printing to stdout"},
    {.name = "restart-policy",
     .type = String,
     .help = "Systemd restart-policy",
     .default_text = "on-failure"},
    {.name = "stop-timeout",
     .type = Uint,
     .help = "Stop timeout in seconds before the container is killed",
     .default_text = "10"},
    {.name = "time", .shorthand = 't', .type = Uint, .alias_of = "stop-timeout"},
});

constexpr auto kPruneOptions = std::to_array<OptionSpec>({
    {.name = "filter",
     .type = StringArray,
     .help = "Provide filter values: label=, label!=, until="},
    {.name = "force", .shorthand = 'f', .help = "Do not prompt for confirmation"},
});

constexpr auto kCommands = std::to_array<Command>({
    {.paths = "container cleanup",
     .verb = Verb::Cleanup,
     .summary = "Clean up after a container that has ended",
     .description = "What dhow-shim runs when a container has ended and nobody waited for it.",
     .usage = "CONTAINER",
     .min_args = 1,
     .max_args = 1,
     .hidden = true},
    {.paths = "container exists",
     .verb = Verb::ContainerExists,
     .summary = "Check if a container exists in local storage",
     .description = "Exit code 0: the container exists. Exit code 1: it does not.",
     .usage = "CONTAINER",
     .examples = "container exists ctrID",
     .min_args = 1,
     .max_args = 1},
    {.paths = "container inspect",
     .verb = Verb::Inspect,
     .summary = "Display the configuration of a container",
     .description = "Displays the low-level information on a container identified by name or ID.",
     .usage = "[options] CONTAINER [CONTAINER...]",
     .examples = "container inspect myCtr\ncontainer inspect --format '{{.Id}}' myCtr",
     .options = kTypedInspectOptions,
     .min_args = 1},
    {.paths = "container prune",
     .verb = Verb::ContainerPrune,
     .summary = "Remove all non running containers",
     .description = "Removes all containers that do not run.",
     .usage = "[options]",
     .examples = "container prune\ncontainer prune --force --filter until=24h",
     .options = kPruneOptions,
     .max_args = 0},
    {.paths = "generate systemd",
     .verb = Verb::GenerateSystemd,
     .summary = "Generate systemd units",
     .description = "Generate a systemd unit for a container; a unit is printed to stdout unless "
                    "--files is given.",
     .usage = "[options] CONTAINER",
     .examples = "generate systemd ctrID\ngenerate systemd --new --name web",
     .options = kGenerateSystemdOptions,
     .min_args = 1,
     .max_args = 1},
    {.paths = "inspect",
     .verb = Verb::Inspect,
     .summary = "Display the configuration of object denoted by ID",
     .description =
         "Displays the low-level information on an object identified by name or ID. With "
         "type all, containers are looked for first, then images, then volumes.",
     .usage = "[options] {CONTAINER|IMAGE|VOLUME} [...]",
     .examples =
         "inspect fedora\ninspect --type image fedora\ninspect --format '{{.State.Status}}' web",
     .options = kInspectOptions,
     .min_args = 1},
    {.paths = "logs|container logs",
     .verb = Verb::Logs,
     .summary = "Fetch the logs of one or more containers",
     .description = "Retrieves logs for one or more containers. This does not guarantee execution "
                    "order when combined with 'dhow run' (i.e. your run may not have generated any "
                    "logs at the time you execute 'dhow logs').",
     .usage = "[options] CONTAINER [CONTAINER...]",
     .examples = "logs ctrID\nlogs --names ctrID1 ctrID2\nlogs --tail 2 mywebserver\nlogs --follow "
                 "--since 10m ctrID",
     .options = kLogsOptions,
     .min_args = 1},
    {.paths = "ps|container ps|container ls|container list",
     .verb = Verb::Ps,
     .summary = "List containers",
     .description = "Prints out information about the containers.",
     .usage = "[options]",
     .examples =
         "ps -a\nps -a --format \"{{.ID}}  {{.Image}}  {{.Labels}}  {{.Mounts}}\"\nps --filter "
         "status=exited",
     .options = kPsOptions,
     .max_args = 0},
    {.paths = "rename|container rename",
     .verb = Verb::Rename,
     .summary = "Rename an existing container",
     .description = "The rename command allows you to rename an existing container.",
     .usage = "CONTAINER NAME",
     .examples = "rename containerA newName",
     .min_args = 2,
     .max_args = 2},
    {.paths = "top|container top",
     .verb = Verb::Top,
     .summary = "Display the running processes of a container",
     .description = "Displays the processes that run in a container, with the user and process IDs "
                    "of the container.",
     .usage = "CONTAINER",
     .examples = "top ctrID",
     .min_args = 1,
     .max_args = 1},
});

}  // namespace

std::span<const Command> container_commands() {
    return kCommands;
}

}  // namespace dhow::cli
