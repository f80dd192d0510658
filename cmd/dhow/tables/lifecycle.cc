// SPDX-License-Identifier: Apache-2.0
// Commands that make containers, change their state, or end them.
#include "cmd/dhow/commands.h"

#include <array>

namespace dhow::cli {

namespace {

using enum ValueType;

constexpr OptionSpec kDetachKeys{
    .name = "detach-keys",
    .type = String,
    .help =
        "Select the key sequence for detaching a container: single characters or ctrl-<value>, "
        "where <value> is one of: a-z, @, ^, [, \\, ] or _, separated by commas",
    .default_text = "ctrl-p,ctrl-q"};

constexpr OptionSpec kSigProxy{
    .name = "sig-proxy", .help = "Proxy received signals to the process", .default_text = "true"};

constexpr auto kRunOptions = std::to_array<OptionSpec>({
    {.name = "detach",
     .shorthand = 'd',
     .help = "Run container in background and print container ID"},
    kDetachKeys,
    kSigProxy,
});

constexpr auto kStartOptions = std::to_array<OptionSpec>({
    {.name = "all", .help = "Start all containers regardless of their state or configuration"},
    {.name = "attach", .shorthand = 'a', .help = "Attach container's STDOUT and STDERR"},
    kDetachKeys,
    {.name = "interactive",
     .shorthand = 'i',
     .help = "Make STDIN available to the contained process"},
    {.name = "sig-proxy",
     .help = "Proxy received signals to the process",
     .default_text = "true if attaching, false otherwise"},
});

constexpr auto kStopOptions = std::to_array<OptionSpec>({
    {.name = "all", .shorthand = 'a', .help = "Stop all running containers"},
    {.name = "cidfile", .type = StringArray, .help = "Read the container ID from the file"},
    {.name = "ignore",
     .shorthand = 'i',
     .help = "Ignore errors when a specified container is missing"},
    {.name = "time",
     .shorthand = 't',
     .type = Int,
     .help = "Seconds to wait for stop before killing the container",
     .default_text = "10"},
});

constexpr auto kKillOptions = std::to_array<OptionSpec>({
    {.name = "all", .shorthand = 'a', .help = "Signal all running containers"},
    {.name = "cidfile", .type = StringArray, .help = "Read the container ID from the file"},
    {.name = "signal",
     .shorthand = 's',
     .type = String,
     .help = "Signal to send to the container",
     .default_text = "KILL"},
});

constexpr auto kRestartOptions = std::to_array<OptionSpec>({
    {.name = "all",
     .shorthand = 'a',
     .help = "Restart all non-running containers, and running ones too"},
    {.name = "cidfile", .type = StringArray, .help = "Read the container ID from the file"},
    {.name = "running", .help = "Restart only running containers"},
    {.name = "time",
     .shorthand = 't',
     .type = Int,
     .help = "Seconds to wait for stop before killing the container",
     .default_text = "10"},
});

constexpr auto kRmOptions = std::to_array<OptionSpec>({
    {.name = "all", .shorthand = 'a', .help = "Remove all containers"},
    {.name = "cidfile", .type = StringArray, .help = "Read the container ID from the file"},
    {.name = "force", .shorthand = 'f', .help = "Force removal of a running or unusable container"},
    {.name = "ignore",
     .shorthand = 'i',
     .help = "Ignore errors when a specified container is missing"},
    {.name = "time",
     .shorthand = 't',
     .type = Int,
     .help = "Seconds to wait for stop before killing the container",
     .default_text = "10"},
    {.name = "volumes",
     .shorthand = 'v',
     .help = "Remove anonymous volumes associated with the container"},
});

constexpr auto kAttachOptions = std::to_array<OptionSpec>({
    kDetachKeys,
    {.name = "no-stdin", .help = "Do not attach STDIN. The default is false"},
    kSigProxy,
});

constexpr auto kExecOptions = std::to_array<OptionSpec>({
    {.name = "detach",
     .shorthand = 'd',
     .help = "Run the exec session in detached mode (backgrounded)"},
    {.name = "env", .shorthand = 'e', .type = StringArray, .help = "Set environment variables"},
    {.name = "env-file", .type = StringArray, .help = "Read in a file of environment variables"},
    {.name = "interactive",
     .shorthand = 'i',
     .help = "Make STDIN available to the contained process"},
    {.name = "privileged",
     .help =
         "Give the process extended Linux capabilities inside the container. The default is false"},
    {.name = "tty", .shorthand = 't', .help = "Allocate a pseudo-TTY. The default is false"},
    {.name = "user",
     .shorthand = 'u',
     .type = String,
     .help = "Sets the username or UID used and optionally the groupname or GID for the specified "
             "command"},
    {.name = "workdir",
     .shorthand = 'w',
     .type = String,
     .help = "Working directory inside the container"},
});

constexpr auto kWaitOptions = std::to_array<OptionSpec>({
    {.name = "ignore", .help = "Ignore if a container does not exist"},
});

constexpr auto kCommands = std::to_array<Command>({
    {.paths = "attach|container attach",
     .verb = Verb::Attach,
     .summary = "Attach to a running container",
     .description = "The attach command allows you to attach to a running container using the "
                    "container's ID or name, either to view its ongoing output or to control it "
                    "interactively.",
     .usage = "[options] CONTAINER",
     .examples = "attach ctrID\nattach --no-stdin web",
     .options = kAttachOptions,
     .min_args = 1,
     .max_args = 1},
    {.paths = "create|container create",
     .verb = Verb::Create,
     .summary = "Create but do not start a container",
     .description =
         "Creates a new container from the given image without starting it. The container "
         "ID is printed; start it with 'dhow start'.",
     .usage = "[options] IMAGE [COMMAND [ARG...]]",
     .examples = "create alpine ls\ncreate --annotation HELLO=WORLD alpine ls\ncreate -t -i --name "
                 "myctr alpine ls",
     .more_options = create_options,
     .min_args = 1,
     .flags_stop_at_operand = true},
    {.paths = "exec|container exec",
     .verb = Verb::Exec,
     .summary = "Run a process in a running container",
     .description = "Execute the specified command inside a running container.",
     .usage = "[options] CONTAINER COMMAND [ARG...]",
     .examples = "exec -it ctrID ls\nexec -it -w /tmp myctr pwd\nexec --user root ctrID ls",
     .options = kExecOptions,
     .min_args = 2,
     .flags_stop_at_operand = true},
    {.paths = "kill|container kill",
     .verb = Verb::Kill,
     .summary = "Kill one or more running containers with a specific signal",
     .description = "The main process inside each container specified will be sent SIGKILL, or any "
                    "signal specified with option --signal.",
     .usage = "[options] CONTAINER [CONTAINER...]",
     .examples = "kill mywebserver\nkill 860a4b23\nkill --signal TERM ctrID",
     .options = kKillOptions},
    {.paths = "restart|container restart",
     .verb = Verb::Restart,
     .summary = "Restart one or more containers",
     .description =
         "Restarts one or more running containers. The container ID or name can be used.",
     .usage = "[options] CONTAINER [CONTAINER...]",
     .examples = "restart ctrID\nrestart --time 5 web\nrestart --running --all",
     .options = kRestartOptions},
    {.paths = "rm|container rm",
     .verb = Verb::Rm,
     .summary = "Remove one or more containers",
     .description =
         "Removes one or more containers from the host. The container name or ID can be "
         "used. Running or unusable containers will not be removed without the -f option.",
     .usage = "[options] CONTAINER [CONTAINER...]",
     .examples = "rm ctrID\nrm mywebserver myflaskserver 860a4b23\nrm --force --all",
     .options = kRmOptions},
    {.paths = "run|container run",
     .verb = Verb::Run,
     .summary = "Run a command in a new container",
     .description = "Runs a command in a new container from the given image.",
     .usage = "[options] IMAGE [COMMAND [ARG...]]",
     .examples = "run imageID ls -alF /etc\nrun --network=host imageID dnf -y install java\nrun "
                 "--volume /var/hostdir:/var/ctrdir -i -t fedora /bin/bash",
     .options = kRunOptions,
     .more_options = create_options,
     .min_args = 1,
     .flags_stop_at_operand = true},
    {.paths = "start|container start",
     .verb = Verb::Start,
     .summary = "Start one or more containers",
     .description = "Starts one or more containers. The container name or ID can be used.",
     .usage = "[options] CONTAINER [CONTAINER...]",
     .examples = "start 860a4b231279 5421ab43b45\nstart --interactive --attach ctrID",
     .options = kStartOptions},
    {.paths = "stop|container stop",
     .verb = Verb::Stop,
     .summary = "Stop one or more containers",
     .description =
         "Stops one or more running containers: the stop signal first, SIGKILL after the "
         "timeout. The container name or ID can be used.",
     .usage = "[options] CONTAINER [CONTAINER...]",
     .examples = "stop ctrID\nstop --time 2 mywebserver 6e534f14da9d\nstop --all",
     .options = kStopOptions},
    {.paths = "wait|container wait",
     .verb = Verb::Wait,
     .summary = "Block on one or more containers",
     .description = "Block until one or more containers stop and then print their exit codes.",
     .usage = "[options] CONTAINER [CONTAINER...]",
     .examples = "wait ctrID\nwait web db",
     .options = kWaitOptions,
     .min_args = 1},
});

}  // namespace

std::span<const Command> lifecycle_commands() {
    return kCommands;
}

}  // namespace dhow::cli
