// SPDX-License-Identifier: Apache-2.0
#include "engine/resolve_config.h"

#include "base/text.h"
#include "engine/capability_names.h"
#include "engine/signals.h"
#include "oci/spec/descriptor.h"

#include <algorithm>

namespace dhow::engine {

namespace {

constexpr std::string_view kDefaultPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr size_t kShortId = 12;

Error invalid(std::string message, std::string fix = {}) {
    return make_error(ErrorKind::InvalidArgument, std::move(message), std::move(fix));
}

// Docker's rule: an entrypoint given on the command line also drops the image's Cmd, which was
// meant as arguments to the image's own entrypoint.
Status resolve_command(const CreateRequest& request,
                       const oci::ImageConfig& image,
                       ContainerConfig& config) {
    config.entrypoint = request.entrypoint.value_or(image.config.entrypoint);
    if (config.entrypoint.size() == 1 && config.entrypoint.front().empty()) {
        config.entrypoint.clear();
    }
    if (request.command.empty() && !request.entrypoint) config.options.command = image.config.cmd;
    if (!config.argv().empty()) return {};
    return invalid("image '" + config.image + "' has no command to run",
                   "name one after the image");
}

// Later entries win, each name once; "K" without '=' removes it.
std::vector<std::string> merge_env(std::vector<std::string> base,
                                   const std::vector<std::string>& over) {
    for (const std::string& entry : over) {
        const std::string_view name = split_once(entry, '=').first;
        std::erase_if(base,
                      [&](const std::string& old) { return split_once(old, '=').first == name; });
        if (entry.find('=') != std::string::npos) base.push_back(entry);
    }
    return base;
}

void resolve_env(const CreateRequest& request,
                 const oci::ImageConfig& image,
                 ContainerConfig& config) {
    std::vector<std::string> env = {std::string(kDefaultPath), "container=dhow"};
    if (request.terminal) env.emplace_back("TERM=xterm");
    if (!config.options.hostname.empty()) env.push_back("HOSTNAME=" + config.options.hostname);
    env = merge_env(std::move(env), image.config.env);
    config.options.env = merge_env(std::move(env), request.env);
}

Status resolve_working_dir(const CreateRequest& request,
                           const oci::ImageConfig& image,
                           ContainerConfig& config) {
    std::string& dir = config.options.working_dir;
    dir = request.working_dir.empty() ? image.config.working_dir : request.working_dir;
    if (dir.empty()) dir = "/";
    if (dir.front() == '/') return {};
    return invalid("working directory '" + printable(dir) + "' is not an absolute path");
}

// "/data/" of an image and "/data" of a user are one place; mounting both would hide the user's.
std::string clean_path(const std::string& absolute) {
    std::vector<std::string> components;
    for (std::string& name : split(absolute, '/')) {
        if (name == ".." && !components.empty()) components.pop_back();
        if (!name.empty() && name != "." && name != "..") components.push_back(std::move(name));
    }
    return "/" + join(components, "/");
}

bool has_mount_at(const std::vector<MountSpec>& mounts, const std::string& destination) {
    return std::any_of(mounts.begin(), mounts.end(), [&](const MountSpec& mount) {
        return mount.destination == destination;
    });
}

Status resolve_mounts(const oci::ImageConfig& image, ContainerConfig& config) {
    std::vector<MountSpec>& mounts = config.options.mounts;
    for (size_t i = 0; i < mounts.size(); ++i) {
        const std::string& destination = mounts[i].destination;
        if (destination.empty() || destination.front() != '/') {
            return invalid("mount destination '" + printable(destination) +
                           "' is not an absolute path");
        }
        mounts[i].destination = clean_path(destination);
        if (destination == "/") return invalid("a mount at '/' would hide the image");
        for (size_t j = 0; j < i; ++j) {
            if (mounts[j].destination != destination) continue;
            return invalid("'" + printable(destination) + "': two mounts at the same place");
        }
    }
    for (const std::string& volume : image.config.volumes) {
        if (volume.empty() || volume.front() != '/') continue;
        const std::string path = clean_path(volume);
        if (path == "/" || has_mount_at(mounts, path)) continue;
        mounts.push_back(MountSpec{.kind = MountKind::Volume, .destination = path});
    }
    return {};
}

bool publishes(NetworkKind kind) {
    return kind == NetworkKind::Pasta || kind == NetworkKind::Bridge;
}

// Unless the user has said where to.
void publish(CreateRequest& options, uint16_t container_port, Protocol protocol) {
    for (const PortMapping& port : options.ports) {
        if (port.container_port == container_port && port.protocol == protocol) return;
    }
    options.ports.push_back(PortMapping{.container_port = container_port, .protocol = protocol});
}

void resolve_network(const oci::ImageConfig& image, const HostFacts& host, Resolved& resolved) {
    CreateRequest& options = resolved.config.options;
    if (options.network == NetworkKind::Default) {
        options.network = host.rootless ? NetworkKind::Pasta : NetworkKind::Bridge;
    }
    if (options.publish_all) {
        for (const auto& exposed : image.config.exposed_ports) {
            const auto [number, protocol] = split_once(exposed, '/');
            const auto port = parse_int<uint16_t>(number);
            const bool udp = protocol == "udp";
            if (!port || *port == 0 || (!udp && protocol.value_or("tcp") != "tcp")) continue;
            publish(options, *port, udp ? Protocol::Udp : Protocol::Tcp);
        }
    }
    if (!options.ports.empty() && !publishes(options.network)) {
        resolved.warnings.push_back("published ports are discarded with network '" +
                                    std::string(network_name(options.network)) + "'");
        options.ports.clear();
    }
}

void resolve_hostname(const HostFacts& host, ContainerConfig& config) {
    std::string& hostname = config.options.hostname;
    if (!hostname.empty()) return;
    hostname =
        config.options.network == NetworkKind::Host ? host.hostname : config.id.substr(0, kShortId);
}

Status resolve_labels(const CreateRequest& request,
                      const oci::ImageConfig& image,
                      ContainerConfig& config) {
    config.options.labels = image.config.labels;
    for (const auto& [key, value] : request.labels) {
        if (key.empty()) return invalid("a label needs a name before '='");
        config.options.labels[key] = value;
    }
    return {};
}

Status check_lifetime(const CreateRequest& request) {
    if (!request.auto_remove || request.restart.kind == RestartKind::No) return {};
    return invalid("--rm and --restart contradict each other", "give one of them");
}

Status resolve_stop(const oci::ImageConfig& image, ContainerConfig& config) {
    std::string& signal = config.options.stop_signal;
    if (signal.empty()) signal = image.config.stop_signal;
    if (signal.empty()) signal = "SIGTERM";
    signal = signal_name(TRY(parse_signal(signal)));
    const auto timeout = config.options.stop_timeout_seconds;
    if (timeout && *timeout < -1) return invalid("stop timeout is negative");
    return {};
}

Status resolve_log_driver(CreateRequest& options) {
    // Every reader goes through `dhow logs`, so Docker's json-file is taken to mean "the default
    // file".
    if (options.log_driver.empty() || options.log_driver == "json-file") {
        options.log_driver = "k8s-file";
    }
    if (options.log_driver == "k8s-file" || options.log_driver == "none") return {};
    return make_error(ErrorKind::Unsupported,
                      "log driver '" + printable(options.log_driver) + "' is unknown",
                      "use k8s-file or none");
}

Status check_security(const CreateRequest& options) {
    TRY(resolve_capabilities(options.cap_add, options.cap_drop, options.privileged));
    for (const std::string& option : options.security_opt) {
        const std::string name(split_once(option, '=').first);
        const std::string alternative(split_once(option, ':').first);
        if (name == "no-new-privileges" || alternative == "no-new-privileges" ||
            name == "seccomp" || name == "label" || name == "apparmor" || name == "mask" ||
            name == "unmask") {
            continue;
        }
        return invalid("security option '" + printable(option) + "' is unknown",
                       "use no-new-privileges, seccomp=FILE|unconfined, mask=, unmask= or label=");
    }
    return {};
}

constexpr int64_t kMinimumMemory = 6 << 20;  // Docker's floor: below it runtimes cannot start

Status check_resources(const Resources& resources) {
    if (resources.memory && *resources.memory < kMinimumMemory) {
        return invalid(
            "memory limit of " + std::to_string(*resources.memory) + " bytes is too small",
            "the minimum is 6m");
    }
    if (resources.memory_swap && !resources.memory) {
        return invalid("--memory-swap needs --memory");
    }
    if (resources.memory_swap && *resources.memory_swap >= 0 &&
        *resources.memory_swap < *resources.memory) {
        return invalid(
            "--memory-swap counts memory and swap together and cannot be below --memory");
    }
    if (resources.nano_cpus && *resources.nano_cpus <= 0) {
        return invalid("--cpus must be above zero");
    }
    return {};
}

// An image of modules is run by the runtime's WebAssembly handler. Its platform says so: the labels
// and annotations of an image have no say in how it is run, those of the user do.
Status resolve_handler(const oci::ImageConfig& image, ContainerConfig& config) {
    const oci::Platform platform{
        .architecture = image.architecture, .os = image.os, .variant = image.variant};
    if (!oci::is_wasi(platform)) return {};
    config.options.annotations.emplace("run.oci.handler", "wasm");
    if (!config.options.init) return {};
    return invalid("--init needs a program of this machine, not one for '" +
                   oci::to_string(platform) + "'");
}

}  // namespace

Result<Resolved> resolve_config(const ResolveInput& input,
                                const CreateRequest& request,
                                const oci::ImageConfig& image) {
    Resolved resolved;
    ContainerConfig& config = resolved.config;
    config.id = input.id;
    config.name = input.name;
    config.image = input.image;
    config.image_id = input.image_id;
    config.layers = input.layers;
    config.created_at = input.now;
    config.options = request;
    config.options.name = input.name;
    config.options.image = input.image;
    if (config.options.user.empty()) config.options.user = image.config.user;

    TRY(check_lifetime(request));
    TRY(check_security(request));
    TRY(check_resources(request.resources));
    TRY(resolve_command(request, image, config));
    TRY(resolve_working_dir(request, image, config));
    TRY(resolve_mounts(image, config));
    TRY(resolve_labels(request, image, config));
    TRY(resolve_stop(image, config));
    TRY(resolve_handler(image, config));
    TRY(resolve_log_driver(config.options));
    resolve_network(image, input.host, resolved);
    resolve_hostname(input.host, config);
    resolve_env(request, image, config);
    return resolved;
}

}  // namespace dhow::engine
