// SPDX-License-Identifier: Apache-2.0
// Commands about images and the registries they come from.
#include "cmd/dhow/commands.h"

#include <array>

namespace dhow::cli {

namespace {

using enum ValueType;

constexpr OptionSpec kAuthFile{
    .name = "authfile",
    .type = String,
    .help =
        "Path of the authentication file. Use REGISTRY_AUTH_FILE environment variable to override"};

constexpr OptionSpec kCertDir{
    .name = "cert-dir",
    .type = String,
    .help = "Pathname of a directory containing TLS certificates and keys",
    .value_name = "Pathname"};

constexpr OptionSpec kTlsVerify{
    .name = "tls-verify",
    .help = "Require HTTPS and verify certificates when contacting registries",
    .default_text = "true"};

constexpr OptionSpec kAuthor{
    .name = "author", .shorthand = 'a', .type = String, .help = "Set the author for the image"};

constexpr OptionSpec kChange{
    .name = "change",
    .shorthand = 'c',
    .type = StringArray,
    .help =
        "Apply an instruction to the image config: CMD ENTRYPOINT ENV EXPOSE LABEL ONBUILD "
        "STOPSIGNAL USER VOLUME WORKDIR"};

constexpr OptionSpec kMessage{
    .name = "message", .shorthand = 'm', .type = String, .help = "Set the message of the image"};

constexpr auto kCommitOptions = std::to_array<OptionSpec>({
    kAuthor,
    kChange,
    {.name = "format",
     .shorthand = 'f',
     .type = String,
     .help = "Manifest type of the image: oci or docker",
     .default_text = "oci"},
    {.name = "iidfile", .type = String, .help = "Write the image's id to a file"},
    kMessage,
    {.name = "quiet", .shorthand = 'q', .help = "Suppress output"},
});

constexpr auto kDiffOptions = std::to_array<OptionSpec>({
    {.name = "format", .type = String, .help = "Change the output format (json)"},
});

constexpr auto kExportOptions = std::to_array<OptionSpec>({
    {.name = "output",
     .shorthand = 'o',
     .type = String,
     .help = "Write to a specified file (default: stdout, which must be redirected)"},
});

constexpr auto kHistoryOptions = std::to_array<OptionSpec>({
    {.name = "format", .type = String, .help = "Change the output to JSON or a Go template"},
    {.name = "human",
     .shorthand = 'H',
     .help = "Display sizes and dates in human readable format",
     .default_text = "true"},
    {.name = "no-trunc", .help = "Do not truncate the output"},
    {.name = "quiet", .shorthand = 'q', .help = "Display only the ids of images"},
});

constexpr auto kImportOptions = std::to_array<OptionSpec>({
    kChange,
    kMessage,
    {.name = "platform", .type = String, .help = "Platform of the image: os/arch[/variant]"},
    {.name = "quiet", .shorthand = 'q', .help = "Suppress output"},
});

constexpr auto kImagesOptions = std::to_array<OptionSpec>({
    {.name = "all", .shorthand = 'a', .help = "Show all images"},
    {.name = "digests", .help = "Show digests"},
    {.name = "filter",
     .shorthand = 'f',
     .type = StringArray,
     .help = "Filter output based on conditions provided: reference=, label=, dangling="},
    {.name = "format", .type = String, .help = "Change the output format to JSON or a Go template"},
    {.name = "no-trunc", .help = "Do not truncate output"},
    {.name = "noheading", .shorthand = 'n', .help = "Do not print column headings"},
    {.name = "quiet", .shorthand = 'q', .help = "Display only image IDs"},
    {.name = "sort",
     .type = String,
     .help = "Sort by created, id, repository, size, tag",
     .default_text = "created"},
});

constexpr auto kInspectOptions = std::to_array<OptionSpec>({
    {.name = "format",
     .shorthand = 'f',
     .type = String,
     .help = "Format the output to a Go template or json",
     .default_text = "json"},
});

constexpr auto kLoadOptions = std::to_array<OptionSpec>({
    {.name = "input",
     .shorthand = 'i',
     .type = String,
     .help = "Read from specified archive file (default: stdin)"},
    {.name = "quiet", .shorthand = 'q', .help = "Suppress the output"},
});

constexpr auto kLoginOptions = std::to_array<OptionSpec>({
    kAuthFile,
    kCertDir,
    {.name = "password", .shorthand = 'p', .type = String, .help = "Password for registry"},
    {.name = "password-stdin", .help = "Take the password from stdin"},
    kTlsVerify,
    {.name = "username", .shorthand = 'u', .type = String, .help = "Username for registry"},
});

constexpr auto kLogoutOptions = std::to_array<OptionSpec>({kAuthFile});

constexpr auto kPullOptions = std::to_array<OptionSpec>({
    kAuthFile,
    kCertDir,
    {.name = "creds",
     .type = String,
     .help = "Credentials (USERNAME:PASSWORD) to use for authenticating to a registry",
     .value_name = "Credentials"},
    {.name = "platform", .type = String, .help = "Specify the platform for selecting the image"},
    {.name = "quiet", .shorthand = 'q', .help = "Suppress output information when pulling images"},
    kTlsVerify,
});

constexpr auto kPushOptions = std::to_array<OptionSpec>({
    kAuthFile,
    kCertDir,
    {.name = "compression-format",
     .type = String,
     .help = "Compression of the layers that are sent: gzip or zstd",
     .default_text = "gzip"},
    {.name = "compression-level", .type = Int, .help = "Compression level to use"},
    {.name = "creds",
     .type = String,
     .help = "Credentials (USERNAME:PASSWORD) to use for authenticating to a registry",
     .value_name = "Credentials"},
    {.name = "digestfile",
     .type = String,
     .help = "Write the digest of the pushed image to the specified file"},
    {.name = "force-compression",
     .help = "Send layers again that the registry has in another compression"},
    {.name = "format",
     .shorthand = 'f',
     .type = String,
     .help = "Manifest type: oci or v2s2 (default: as the image came)"},
    {.name = "quiet", .shorthand = 'q', .help = "Suppress output information when pushing images"},
    {.name = "remove-signatures", .help = "Accepted: no signatures are sent", .hidden = true},
    kTlsVerify,
});

constexpr auto kSaveOptions = std::to_array<OptionSpec>({
    {.name = "format",
     .type = String,
     .help = "Save image to docker-archive, oci-archive, oci-dir or docker-dir",
     .default_text = "docker-archive"},
    {.name = "multi-image-archive",
     .shorthand = 'm',
     .help = "Accepted: several images are saved as such",
     .hidden = true},
    {.name = "output",
     .shorthand = 'o',
     .type = String,
     .help = "Write to a specified file (default: stdout, which must be redirected)"},
    {.name = "quiet", .shorthand = 'q', .help = "Suppress the output"},
    {.name = "uncompressed", .help = "Accepted: layers always are", .hidden = true},
});

constexpr auto kRmiOptions = std::to_array<OptionSpec>({
    {.name = "all", .shorthand = 'a', .help = "Remove all images"},
    {.name = "force", .shorthand = 'f', .help = "Force Removal of the image"},
    {.name = "ignore",
     .shorthand = 'i',
     .help = "Ignore errors if a specified image does not exist"},
});

constexpr auto kPruneOptions = std::to_array<OptionSpec>({
    {.name = "all",
     .shorthand = 'a',
     .help = "Remove all images not in use by containers, not just dangling ones"},
    {.name = "build-cache", .help = "Accepted: nothing is left of builds", .hidden = true},
    {.name = "external", .help = "Accepted: nothing is shared with others", .hidden = true},
    {.name = "filter",
     .type = StringArray,
     .help = "Provide filter values: label=, label!=, until="},
    {.name = "force", .shorthand = 'f', .help = "Do not prompt for confirmation"},
});

constexpr auto kCommands = std::to_array<Command>({
    {.paths = "commit|container commit",
     .verb = Verb::Commit,
     .summary = "Create new image based on the changed container",
     .description = "Makes an image of a container's changes and of how it is run.",
     .usage = "[options] CONTAINER [IMAGE]",
     .examples = "commit web web:patched\ncommit -c 'CMD [\"nginx\"]' -m patched web web:2",
     .options = kCommitOptions,
     .min_args = 1,
     .max_args = 2},
    {.paths = "diff|container diff|image diff",
     .verb = Verb::Diff,
     .summary = "Inspect changes to the object's file systems",
     .description = "Shows what a container has added (A), changed (C) and deleted (D), or what an "
                    "image's topmost layer has; with two images, how the first differs from the "
                    "second.",
     .usage = "[options] {CONTAINER|IMAGE} [IMAGE]",
     .examples = "diff ctrID\nimage diff --format json redis:alpine\nimage diff web:2 web:1",
     .options = kDiffOptions,
     .min_args = 1,
     .max_args = 2},
    {.paths = "export|container export",
     .verb = Verb::Export,
     .summary = "Export container's filesystem contents as a tar archive",
     .description = "Writes a container's root file system as a tar; mounts are left out.",
     .usage = "[options] CONTAINER",
     .examples = "export web > web.tar\nexport -o web.tar web",
     .options = kExportOptions,
     .min_args = 1,
     .max_args = 1},
    {.paths = "history|image history",
     .verb = Verb::History,
     .summary = "Show history of a specified image",
     .description = "Displays how an image came to be, the newest step first.",
     .usage = "[options] IMAGE",
     .examples = "history quay.io/fedora/fedora\nhistory --no-trunc --format json web",
     .options = kHistoryOptions,
     .min_args = 1,
     .max_args = 1},
    {.paths = "import|image import",
     .verb = Verb::Import,
     .summary = "Import a tarball to create a filesystem image",
     .description =
         "Makes an image of one layer from a tar, plain or compressed, in a file or stdin.",
     .usage = "[options] PATH|- [IMAGE]",
     .examples = "import web.tar web:imported\nimport -c 'CMD [\"/bin/sh\"]' - web < web.tar",
     .options = kImportOptions,
     .min_args = 1,
     .max_args = 2},
    {.paths = "image exists",
     .verb = Verb::ImageExists,
     .summary = "Check if an image exists in local storage",
     .description = "Exit code 0: the image exists. Exit code 1: it does not.",
     .usage = "IMAGE",
     .examples = "image exists alpine",
     .min_args = 1,
     .max_args = 1},
    {.paths = "image prune",
     .verb = Verb::ImagePrune,
     .summary = "Remove unused images",
     .description = "Removes images without names that no container uses; with --all, those with "
                    "names, too.",
     .usage = "[options]",
     .examples = "image prune\nimage prune --all --force --filter until=24h",
     .options = kPruneOptions,
     .max_args = 0},
    {.paths = "image tree",
     .verb = Verb::ImageTree,
     .summary = "Print layer hierarchy of an image in a tree format",
     .description = "Prints an image's layers, the base first, and which images end with each.",
     .usage = "IMAGE",
     .examples = "image tree alpine:latest",
     .min_args = 1,
     .max_args = 1},
    {.paths = "untag|image untag",
     .verb = Verb::Untag,
     .summary = "Remove one or more names from a locally-stored image",
     .description = "Takes the names given from an image, or all it has; the image stays.",
     .usage = "IMAGE [NAME...]",
     .examples = "untag 0e3bbc2\nuntag imageID:latest otherImageName:latest",
     .min_args = 1},
    {.paths = "image inspect",
     .verb = Verb::Inspect,
     .summary = "Display the configuration of an image",
     .description = "Displays the low-level information of an image identified by name or ID.",
     .usage = "[options] IMAGE [IMAGE...]",
     .examples =
         "image inspect alpine\nimage inspect --format \"imageId: {{.Id}} size: {{.Size}}\" "
         "alpine",
     .options = kInspectOptions,
     .min_args = 1},
    {.paths = "images|image ls|image list",
     .verb = Verb::Images,
     .summary = "List images in local storage",
     .description = "Lists images previously pulled to the system or loaded on the system.",
     .usage = "[options] [IMAGE]",
     .examples = "images --format json\nimages --quiet\nimages --filter dangling=true",
     .options = kImagesOptions,
     .max_args = 1},
    {.paths = "load|image load",
     .verb = Verb::Load,
     .summary = "Load image(s) from a tar archive",
     .description =
         "Loads images from a docker-archive or an OCI archive, plain or compressed, read "
         "from stdin or from a file.",
     .usage = "[options]",
     .examples = "load < image.tar\nload -i image.tar.gz",
     .options = kLoadOptions,
     .max_args = 0},
    {.paths = "login",
     .verb = Verb::Login,
     .summary = "Log in to a container registry",
     .description = "Log in to a container registry on a specified server.",
     .usage = "[options] REGISTRY",
     .examples = "login quay.io\nlogin --username ... --password-stdin quay.io",
     .options = kLoginOptions,
     .min_args = 1,
     .max_args = 1},
    {.paths = "logout",
     .verb = Verb::Logout,
     .summary = "Log out of a container registry",
     .description = "Remove the cached username and password for the registry.",
     .usage = "[options] REGISTRY",
     .examples = "logout quay.io",
     .options = kLogoutOptions,
     .min_args = 1,
     .max_args = 1},
    {.paths = "pull|image pull",
     .verb = Verb::Pull,
     .summary = "Pull an image from a registry",
     .description = "Pulls an image from a registry and stores it locally.",
     .usage = "[options] IMAGE [IMAGE...]",
     .examples =
         "pull imageName\npull fedora:latest\npull --tls-verify=false localhost:5000/web:v1",
     .options = kPullOptions,
     .min_args = 1},
    {.paths = "push|image push",
     .verb = Verb::Push,
     .summary = "Push an image to a specified destination",
     .description = "Pushes an image to a registry. Layers that are there already are not sent.",
     .usage = "[options] IMAGE [DESTINATION]",
     .examples = "push imageID registry.example.com/repository:tag\npush localhost:5000/web:v1",
     .options = kPushOptions,
     .min_args = 1,
     .max_args = 2},
    {.paths = "save|image save",
     .verb = Verb::Save,
     .summary = "Save image(s) to an archive",
     .description = "Saves images to docker-archive, oci-archive, oci-dir or docker-dir.",
     .usage = "[options] IMAGE [IMAGE...]",
     .examples = "save --quiet -o myimage.tar imageID\nsave --format oci-archive -o web.tar web\n"
                 "save alpine debian > images.tar",
     .options = kSaveOptions,
     .min_args = 1},
    {.paths = "rmi|image rm",
     .verb = Verb::Rmi,
     .summary = "Remove one or more images from local storage",
     .description =
         "Removes one or more previously pulled or loaded images from the local storage.",
     .usage = "[options] IMAGE [IMAGE...]",
     .examples = "rmi imageID\nrmi --force alpine\nrmi c4dfb1609ee2 93fd78260bd1",
     .options = kRmiOptions},
    {.paths = "tag|image tag",
     .verb = Verb::Tag,
     .summary = "Add an additional name to a local image",
     .description = "Adds one or more additional names to a locally-stored image.",
     .usage = "IMAGE TARGET_NAME [TARGET_NAME...]",
     .examples = "tag 0e3bbc2 fedora:latest\ntag imageID:latest myNewImage:newTag",
     .min_args = 2},
});

}  // namespace

std::span<const Command> image_commands() {
    return kCommands;
}

}  // namespace dhow::cli
