// SPDX-License-Identifier: Apache-2.0
// The options that `run` and `create` share; create_request.cc reads them.
#include "cmd/dhow/commands.h"

#include <array>

namespace dhow::cli {

namespace {

using enum ValueType;

constexpr auto kCreateOptions = std::to_array<OptionSpec>({
    {.name = "annotation", .type = StringArray, .help = "Add annotations to container (key=value)"},
    {.name = "authfile",
     .type = String,
     .help = "Path of the authentication file. Use REGISTRY_AUTH_FILE environment variable to "
             "override"},
    {.name = "cap-add", .type = CommaStrings, .help = "Add capabilities to the container"},
    {.name = "cap-drop", .type = CommaStrings, .help = "Drop capabilities from the container"},
    {.name = "cidfile", .type = String, .help = "Write the container ID to the file"},
    {.name = "cpus",
     .type = Float,
     .help = "Number of CPUs. The default is 0.000 which means no limit"},
    {.name = "entrypoint", .type = String, .help = "Overwrite the default ENTRYPOINT of the image"},
    {.name = "env",
     .shorthand = 'e',
     .type = StringArray,
     .help = "Set environment variables in container"},
    {.name = "env-file", .type = StringArray, .help = "Read in a file of environment variables"},
    {.name = "hostname", .shorthand = 'h', .type = String, .help = "Set container hostname"},
    {.name = "http-proxy",
     .help = "Set proxy environment variables in the container based on the host proxy vars",
     .default_text = "true"},
    {.name = "init",
     .help = "Run an init binary inside the container that forwards signals and reaps processes"},
    {.name = "interactive",
     .shorthand = 'i',
     .help = "Make STDIN available to the contained process"},
    {.name = "label", .shorthand = 'l', .type = StringArray, .help = "Set metadata on container"},
    {.name = "label-file", .type = StringArray, .help = "Read in a line delimited file of labels"},
    {.name = "log-driver",
     .type = String,
     .help = "Logging driver for the container",
     .default_text = "k8s-file"},
    {.name = "memory",
     .shorthand = 'm',
     .type = String,
     .help = "Memory limit (unit = b (bytes), k (kibibytes), m (mebibytes), or g (gibibytes))",
     .value_name = "<number>[<unit>]"},
    {.name = "memory-swap",
     .type = String,
     .help = "Swap limit equal to memory plus swap: '-1' to enable unlimited swap"},
    {.name = "mount", .type = StringArray, .help = "Attach a filesystem mount to the container"},
    {.name = "name", .type = String, .help = "Assign a name to the container"},
    {.name = "net", .type = StringArray, .alias_of = "network"},
    {.name = "network", .type = StringArray, .help = "Connect a container to a network"},
    {.name = "pids-limit",
     .type = Int,
     .help = "Tune container pids limit (set -1 for unlimited)",
     .default_text = "2048"},
    {.name = "platform", .type = String, .help = "Specify the platform for selecting the image"},
    {.name = "privileged", .help = "Give extended privileges to container"},
    {.name = "publish",
     .shorthand = 'p',
     .type = CommaStrings,
     .help = "Publish a container's port, or a range of ports, to the host"},
    {.name = "publish-all",
     .shorthand = 'P',
     .help = "Publish all exposed ports to random ports on the host interface"},
    {.name = "pull",
     .type = String,
     .help = "Pull image policy (\"always\"|\"missing\"|\"never\"|\"newer\")",
     .default_text = "missing"},
    {.name = "quiet", .shorthand = 'q', .help = "Suppress output information when pulling images"},
    {.name = "read-only", .help = "Make containers root filesystem read-only"},
    {.name = "replace", .help = "If a container with the same name exists, replace it"},
    {.name = "restart",
     .type = String,
     .help = "Restart policy to apply when a container exits "
             "(\"always\"|\"no\"|\"never\"|\"on-failure[:max-retries]\"|\"unless-stopped\")"},
    {.name = "rm",
     .help = "Remove container and any anonymous unnamed volume associated with the container "
             "after exit"},
    {.name = "security-opt", .type = StringArray, .help = "Security Options"},
    {.name = "stop-signal",
     .type = String,
     .help = "Signal to stop a container. Default is SIGTERM"},
    {.name = "stop-timeout",
     .type = Uint,
     .help =
         "Timeout (in seconds) that containers stopped by user command have to exit. If exceeded, "
         "the container will be forcibly stopped via SIGKILL.",
     .default_text = "10"},
    {.name = "tls-verify",
     .help = "Require HTTPS and verify certificates when contacting registries for pulling images"},
    {.name = "tmpfs",
     .type = StringArray,
     .help = "Mount a temporary filesystem (tmpfs) into a container",
     .value_name = "tmpfs"},
    {.name = "tty", .shorthand = 't', .help = "Allocate a pseudo-TTY for container"},
    {.name = "user",
     .shorthand = 'u',
     .type = String,
     .help = "Username or UID (format: <name|uid>[:<group|gid>])"},
    {.name = "volume",
     .shorthand = 'v',
     .type = StringArray,
     .help = "Bind mount a volume into the container"},
    {.name = "workdir",
     .shorthand = 'w',
     .type = String,
     .help = "Working directory inside the container"},
});

}  // namespace

std::span<const OptionSpec> create_options() {
    return kCreateOptions;
}

}  // namespace dhow::cli
