// SPDX-License-Identifier: Apache-2.0
// Commands about volumes.
#include "cmd/dhow/commands.h"

#include <array>

namespace dhow::cli {

namespace {

using enum ValueType;

constexpr auto kCreateOptions = std::to_array<OptionSpec>({
    {.name = "driver",
     .shorthand = 'd',
     .type = String,
     .help = "Specify volume driver name",
     .default_text = "local"},
    {.name = "gid", .type = Uint, .help = "Set the GID of the volume owner"},
    {.name = "ignore", .help = "Don't fail if volume already exists"},
    {.name = "label", .shorthand = 'l', .type = StringArray, .help = "Set metadata for a volume"},
    {.name = "opt", .shorthand = 'o', .type = StringArray, .help = "Set driver specific options"},
    {.name = "uid", .type = Uint, .help = "Set the UID of the volume owner"},
});

constexpr auto kExportOptions = std::to_array<OptionSpec>({
    {.name = "output",
     .shorthand = 'o',
     .type = String,
     .help = "Write to a specified file (default: stdout, which must be redirected)"},
});

constexpr auto kInspectOptions = std::to_array<OptionSpec>({
    {.name = "all", .shorthand = 'a', .help = "Inspect all volumes"},
    {.name = "format",
     .shorthand = 'f',
     .type = String,
     .help = "Format the output to a Go template or json",
     .default_text = "json"},
});

constexpr auto kLsOptions = std::to_array<OptionSpec>({
    {.name = "filter", .shorthand = 'f', .type = StringArray, .help = "Filter volume output"},
    {.name = "format", .type = String, .help = "Change the output to JSON or a Go template"},
    {.name = "noheading", .shorthand = 'n', .help = "Do not print headers"},
    {.name = "quiet", .shorthand = 'q', .help = "Print the names of volumes only"},
});

constexpr auto kPruneOptions = std::to_array<OptionSpec>({
    {.name = "all", .shorthand = 'a', .help = "Remove volumes with names, too"},
    {.name = "dry-run", .help = "Only show which volumes would be removed"},
    {.name = "filter",
     .type = StringArray,
     .help = "Provide filter values: label=, label!=, until="},
    {.name = "force", .shorthand = 'f', .help = "Do not prompt for confirmation"},
});

constexpr auto kRmOptions = std::to_array<OptionSpec>({
    {.name = "all", .shorthand = 'a', .help = "Remove all volumes"},
    {.name = "force",
     .shorthand = 'f',
     .help = "Remove a volume by force, even if it is being used by a container"},
    {.name = "time",
     .shorthand = 't',
     .type = Uint,
     .help = "Seconds to wait for running containers to stop before killing the container",
     .default_text = "10"},
});

constexpr auto kCommands = std::to_array<Command>({
    {.paths = "volume create",
     .verb = Verb::VolumeCreate,
     .summary = "Create a new volume",
     .description =
         "Creates an empty volume; without a name it gets a random one. With --opt type=, device= "
         "and o= (as mount(8) has them), that is mounted where the volume is used.",
     .usage = "[options] [NAME]",
     .examples = "volume create myvol\nvolume create\nvolume create --label foo=bar myvol\nvolume "
                 "create -o type=tmpfs -o device=tmpfs -o o=size=64m scratch",
     .options = kCreateOptions,
     .max_args = 1},
    {.paths = "volume exists",
     .verb = Verb::VolumeExists,
     .summary = "Check if volume exists",
     .description = "Exit code 0: the volume exists. Exit code 1: it does not.",
     .usage = "VOLUME",
     .examples = "volume exists myvol",
     .min_args = 1,
     .max_args = 1},
    {.paths = "volume export",
     .verb = Verb::VolumeExport,
     .summary = "Export volumes",
     .description = "Writes a volume's content as a tar.",
     .usage = "[options] VOLUME",
     .examples = "volume export myvol > myvol.tar\nvolume export -o myvol.tar myvol",
     .options = kExportOptions,
     .min_args = 1,
     .max_args = 1},
    {.paths = "volume import",
     .verb = Verb::VolumeImport,
     .summary = "Import a tarball into a volume",
     .description =
         "Lays a tar, plain or compressed, over a volume's content: files of the same name are "
         "replaced, others stay.",
     .usage = "VOLUME [SOURCE]",
     .examples = "volume import myvol myvol.tar\nvolume import myvol - < myvol.tar",
     .min_args = 1,
     .max_args = 2},
    {.paths = "volume inspect",
     .verb = Verb::Inspect,
     .summary = "Display detailed information on one or more volumes",
     .description = "Displays detailed information on one or more volumes.",
     .usage = "[options] VOLUME [VOLUME...]",
     .examples = "volume inspect myvol\nvolume inspect --all\nvolume inspect --format "
                 "'{{.Driver}} {{.Mountpoint}}' myvol",
     .options = kInspectOptions},
    {.paths = "volume ls|volume list",
     .verb = Verb::VolumeLs,
     .summary = "List volumes",
     .description = "Lists all volumes.",
     .usage = "[options]",
     .examples = "volume ls\nvolume ls --filter dangling=true -q",
     .options = kLsOptions,
     .max_args = 0},
    {.paths = "volume prune",
     .verb = Verb::VolumePrune,
     .summary = "Remove all unused volumes",
     .description = "Removes the anonymous volumes that no container uses; with --all, those with "
                    "names, too.",
     .usage = "[options]",
     .examples = "volume prune --force\nvolume prune --all --filter label!=keep",
     .options = kPruneOptions,
     .max_args = 0},
    {.paths = "volume rm|volume remove",
     .verb = Verb::VolumeRm,
     .summary = "Remove one or more volumes",
     .description = "Removes volumes that no container uses; with --force their containers go, "
                    "too.",
     .usage = "[options] VOLUME [VOLUME...]",
     .examples = "volume rm myvol1 myvol2\nvolume rm --all\nvolume rm --force myvol",
     .options = kRmOptions},
});

}  // namespace

std::span<const Command> volume_commands() {
    return kCommands;
}

}  // namespace dhow::cli
