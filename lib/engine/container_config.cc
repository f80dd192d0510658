// SPDX-License-Identifier: Apache-2.0
#include "engine/container_config.h"

#include <array>

namespace dhow::engine {

namespace {

constexpr std::array<std::string_view, 6> kNetworks = {
    "default", "none", "host", "pasta", "bridge", "container"};
constexpr std::array<std::string_view, 4> kRestarts = {
    "no", "always", "on-failure", "unless-stopped"};
constexpr std::array<std::string_view, 3> kMounts = {"bind", "volume", "tmpfs"};
constexpr std::array<std::string_view, 2> kProtocols = {"tcp", "udp"};

template <class Enum, size_t N>
Result<Enum> parse_word(const std::array<std::string_view, N>& words, std::string_view word) {
    for (size_t i = 0; i < N; ++i) {
        if (words[i] == word) return static_cast<Enum>(i);
    }
    return make_error(ErrorKind::Corrupt,
                      "container config: unknown word '" + std::string(word) + "'");
}

json::Object port_to_json(const PortMapping& port) {
    return {{"hostIp", port.host_ip},
            {"hostPort", port.host_port},
            {"containerPort", port.container_port},
            {"protocol", protocol_name(port.protocol)}};
}

json::Object mount_to_json(const MountSpec& mount) {
    return {{"type", mount_kind_name(mount.kind)},
            {"source", mount.source},
            {"destination", mount.destination},
            {"readOnly", mount.read_only},
            {"options", json::to_array(mount.options)}};
}

void put_optional(json::Object& object, std::string_view name, std::optional<int64_t> value) {
    if (value) object[name] = *value;
}

json::Object resources_to_json(const Resources& resources) {
    json::Object object;
    put_optional(object, "memory", resources.memory);
    put_optional(object, "memorySwap", resources.memory_swap);
    put_optional(object, "nanoCpus", resources.nano_cpus);
    put_optional(object, "pidsLimit", resources.pids_limit);
    return object;
}

json::Object options_to_json(const CreateRequest& options) {
    json::Array mounts;
    for (const MountSpec& mount : options.mounts) mounts.emplace_back(mount_to_json(mount));
    json::Array ports;
    for (const PortMapping& port : options.ports) ports.emplace_back(port_to_json(port));
    json::Object object{
        {"command", json::to_array(options.command)},
        {"env", json::to_array(options.env)},
        {"labels", json::to_object(options.labels)},
        {"annotations", json::to_object(options.annotations)},
        {"mounts", mounts},
        {"ports", ports},
        {"hostname", options.hostname},
        {"user", options.user},
        {"workingDir", options.working_dir},
        {"interactive", options.interactive},
        {"terminal", options.terminal},
        {"autoRemove", options.auto_remove},
        {"readOnly", options.read_only},
        {"init", options.init},
        {"privileged", options.privileged},
        {"network", network_name(options.network)},
        {"networkContainer", options.network_container},
        {"resources", resources_to_json(options.resources)},
        {"capAdd", json::to_array(options.cap_add)},
        {"capDrop", json::to_array(options.cap_drop)},
        {"securityOpt", json::to_array(options.security_opt)},
        {"restart", restart_name(options.restart.kind)},
        {"restartMaxRetries", options.restart.max_retries},
        {"runtime", options.runtime},
        {"stopSignal", options.stop_signal},
        {"logDriver", options.log_driver},
    };
    if (options.stop_timeout_seconds) object["stopTimeout"] = *options.stop_timeout_seconds;
    return object;
}

Result<PortMapping> parse_port(const json::Value& value) {
    if (!value.is_object()) return make_error(ErrorKind::Corrupt, "container config: bad port");
    const json::Object& object = value.get_object();
    PortMapping port;
    port.host_ip = TRY(json::get_string(object, "hostIp")).value_or("");
    port.host_port = static_cast<uint16_t>(TRY(json::get_int(object, "hostPort")).value_or(0));
    port.container_port =
        static_cast<uint16_t>(TRY(json::get_int(object, "containerPort")).value_or(0));
    const auto protocol = TRY(json::get_string(object, "protocol"));
    port.protocol = TRY(parse_word<Protocol>(kProtocols, protocol.value_or("tcp")));
    return port;
}

Result<MountSpec> parse_mount(const json::Value& value) {
    if (!value.is_object()) return make_error(ErrorKind::Corrupt, "container config: bad mount");
    const json::Object& object = value.get_object();
    MountSpec mount;
    const auto kind = TRY(json::get_string(object, "type"));
    mount.kind = TRY(parse_word<MountKind>(kMounts, kind.value_or("bind")));
    mount.source = TRY(json::get_string(object, "source")).value_or("");
    mount.destination = TRY(json::get_string(object, "destination")).value_or("");
    mount.read_only = TRY(json::get_bool(object, "readOnly")).value_or(false);
    mount.options = TRY(json::get_strings(object, "options"));
    return mount;
}

template <class T>
Status parse_list(const json::Object& object,
                  std::string_view name,
                  Result<T> (*parse_one)(const json::Value&),
                  std::vector<T>& out) {
    const json::Array* array = TRY(json::get_array(object, name));
    if (array == nullptr) return {};
    for (const json::Value& value : *array) out.push_back(TRY(parse_one(value)));
    return {};
}

Result<Resources> parse_resources(const json::Object& object) {
    Resources resources;
    resources.memory = TRY(json::get_int(object, "memory"));
    resources.memory_swap = TRY(json::get_int(object, "memorySwap"));
    resources.nano_cpus = TRY(json::get_int(object, "nanoCpus"));
    resources.pids_limit = TRY(json::get_int(object, "pidsLimit"));
    return resources;
}

Status parse_flags(const json::Object& object, CreateRequest& options) {
    options.interactive = TRY(json::get_bool(object, "interactive")).value_or(false);
    options.terminal = TRY(json::get_bool(object, "terminal")).value_or(false);
    options.auto_remove = TRY(json::get_bool(object, "autoRemove")).value_or(false);
    options.read_only = TRY(json::get_bool(object, "readOnly")).value_or(false);
    options.init = TRY(json::get_bool(object, "init")).value_or(false);
    options.privileged = TRY(json::get_bool(object, "privileged")).value_or(false);
    return {};
}

Status parse_policies(const json::Object& object, CreateRequest& options) {
    const auto network = TRY(json::get_string(object, "network"));
    options.network = TRY(parse_word<NetworkKind>(kNetworks, network.value_or("none")));
    options.network_container = TRY(json::get_string(object, "networkContainer")).value_or("");
    const auto restart = TRY(json::get_string(object, "restart"));
    options.restart.kind = TRY(parse_word<RestartKind>(kRestarts, restart.value_or("no")));
    options.restart.max_retries =
        static_cast<int>(TRY(json::get_int(object, "restartMaxRetries")).value_or(0));
    const auto timeout = TRY(json::get_int(object, "stopTimeout"));
    if (timeout) options.stop_timeout_seconds = static_cast<int>(*timeout);
    const json::Object* resources = TRY(json::get_object(object, "resources"));
    if (resources != nullptr) options.resources = TRY(parse_resources(*resources));
    return {};
}

Result<CreateRequest> parse_options(const json::Object& object) {
    CreateRequest options;
    options.command = TRY(json::get_strings(object, "command"));
    options.env = TRY(json::get_strings(object, "env"));
    options.labels = TRY(json::get_string_map(object, "labels"));
    options.annotations = TRY(json::get_string_map(object, "annotations"));
    TRY(parse_list(object, "mounts", parse_mount, options.mounts));
    TRY(parse_list(object, "ports", parse_port, options.ports));
    options.hostname = TRY(json::get_string(object, "hostname")).value_or("");
    options.user = TRY(json::get_string(object, "user")).value_or("");
    options.working_dir = TRY(json::get_string(object, "workingDir")).value_or("/");
    TRY(parse_flags(object, options));
    TRY(parse_policies(object, options));
    options.cap_add = TRY(json::get_strings(object, "capAdd"));
    options.cap_drop = TRY(json::get_strings(object, "capDrop"));
    options.security_opt = TRY(json::get_strings(object, "securityOpt"));
    options.runtime = TRY(json::get_string(object, "runtime")).value_or("");
    options.stop_signal = TRY(json::get_string(object, "stopSignal")).value_or("");
    options.log_driver = TRY(json::get_string(object, "logDriver")).value_or("");
    return options;
}

}  // namespace

std::string_view network_name(NetworkKind kind) {
    return kNetworks[static_cast<size_t>(kind)];
}

std::string_view restart_name(RestartKind kind) {
    return kRestarts[static_cast<size_t>(kind)];
}

std::string_view mount_kind_name(MountKind kind) {
    return kMounts[static_cast<size_t>(kind)];
}

std::string_view protocol_name(Protocol protocol) {
    return kProtocols[static_cast<size_t>(protocol)];
}

std::vector<std::string> ContainerConfig::argv() const {
    std::vector<std::string> all = entrypoint;
    all.insert(all.end(), options.command.begin(), options.command.end());
    return all;
}

int ContainerConfig::stop_timeout_seconds() const {
    return options.stop_timeout_seconds.value_or(kDefaultStopTimeoutSeconds);
}

json::Object to_json(const ContainerConfig& config) {
    return {{"id", config.id},
            {"name", config.name},
            {"image", config.image},
            {"imageId", config.image_id},
            {"layers", json::to_array(config.layers)},
            {"entrypoint", json::to_array(config.entrypoint)},
            {"createdAt", config.created_at},
            {"options", options_to_json(config.options)}};
}

Result<ContainerConfig> parse_container_config(std::string_view text) {
    const auto object = TRY(json::parse_object(text, "container config"));
    ContainerConfig config;
    config.id = TRY(json::get_string(object, "id")).value_or("");
    config.name = TRY(json::get_string(object, "name")).value_or("");
    config.image = TRY(json::get_string(object, "image")).value_or("");
    config.image_id = TRY(json::get_string(object, "imageId")).value_or("");
    config.layers = TRY(json::get_strings(object, "layers"));
    config.entrypoint = TRY(json::get_strings(object, "entrypoint"));
    config.created_at = TRY(json::get_int(object, "createdAt")).value_or(0);
    const json::Object* options = TRY(json::get_object(object, "options"));
    if (options == nullptr) return make_error(ErrorKind::Corrupt, "container config: no options");
    config.options = TRY(parse_options(*options));
    config.options.name = config.name;
    config.options.image = config.image;
    return config;
}

}  // namespace dhow::engine
