// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/container_json.h"

#include "base/text.h"
#include "cmd/api/image_json.h"

#include <set>

namespace dhow::api {

using engine::ContainerDetails;
using engine::ContainerStatus;
using engine::ContainerSummary;
using engine::MountKind;
using engine::MountSpec;
using engine::PortMapping;

std::string_view docker_state(ContainerStatus status) {
    switch (status) {
        case ContainerStatus::Created:
            return "created";
        case ContainerStatus::Running:
        case ContainerStatus::Stopping:
            return "running";
        case ContainerStatus::Paused:
            return "paused";
        case ContainerStatus::Restarting:
            return "restarting";
        case ContainerStatus::Exited:
            return "exited";
        case ContainerStatus::Removing:
            return "removing";
        case ContainerStatus::Unknown:
            return "dead";
    }
    return "dead";
}

std::string docker_time(UnixNanos time) {
    return time == 0 ? "0001-01-01T00:00:00Z" : format_rfc3339(time);
}

std::string human_duration(int64_t seconds) {
    const auto count = [](int64_t number, std::string_view unit) {
        return std::to_string(number) + " " + std::string(unit);
    };
    const int64_t minutes = seconds / 60;
    const int64_t hours = (seconds + 1800) / 3600;
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < 60) return count(seconds, "seconds");
    if (minutes == 1) return "About a minute";
    if (minutes < 60) return count(minutes, "minutes");
    if (hours == 1) return "About an hour";
    if (hours < 48) return count(hours, "hours");
    const auto days = hours / 24;
    if (days < 14) return count(days, "days");
    if (days < 60) return count(days / 7, "weeks");
    if (days < 730) return count(days / 30, "months");
    return count(days / 365, "years");
}

std::string status_sentence(const ContainerSummary& summary, UnixNanos now) {
    constexpr int64_t kSecond = 1000000000;
    const auto since = [&](UnixNanos time) { return human_duration((now - time) / kSecond); };
    const std::string code = "(" + std::to_string(summary.exit_code) + ") ";
    switch (summary.status) {
        case ContainerStatus::Created:
            return "Created";
        case ContainerStatus::Running:
        case ContainerStatus::Stopping:
            return "Up " + since(summary.started_at);
        case ContainerStatus::Paused:
            return "Up " + since(summary.started_at) + " (Paused)";
        case ContainerStatus::Restarting:
            return "Restarting " + code + since(summary.finished_at) + " ago";
        case ContainerStatus::Exited:
            return "Exited " + code + since(summary.finished_at) + " ago";
        case ContainerStatus::Removing:
            return "Removal In Progress";
        case ContainerStatus::Unknown:
            return "Dead";
    }
    return "Dead";
}

static std::string_view protocol_word(engine::Protocol protocol) {
    return protocol == engine::Protocol::Udp ? "udp" : "tcp";
}

static std::string port_key(const PortMapping& port) {
    return std::to_string(port.container_port) + "/" + std::string(protocol_word(port.protocol));
}

static json::Array port_list(const std::vector<PortMapping>& ports) {
    json::Array list;
    for (const PortMapping& port : ports) {
        json::Object entry{{"IP", port.host_ip.empty() ? "0.0.0.0" : port.host_ip},
                           {"PrivatePort", port.container_port},
                           {"PublicPort", port.host_port},
                           {"Type", protocol_word(port.protocol)}};
        list.emplace_back(std::move(entry));
    }
    return list;
}

static json::Object port_map(const std::vector<PortMapping>& ports, bool with_address) {
    json::Object map;
    for (const PortMapping& port : ports) {
        json::Value& list = map[port_key(port)];
        if (!list.is_array()) list = json::Array();
        const std::string address = with_address && port.host_ip.empty() ? "0.0.0.0" : port.host_ip;
        list.get_array().emplace_back(
            json::Object{{"HostIp", address}, {"HostPort", std::to_string(port.host_port)}});
    }
    return map;
}

static json::Array mount_points(const std::vector<MountSpec>& mounts) {
    json::Array list;
    for (const MountSpec& mount : mounts) {
        if (mount.kind == MountKind::Tmpfs) continue;
        const bool volume = mount.kind == MountKind::Volume;
        json::Object entry{{"Type", volume ? "volume" : "bind"}};
        if (volume) {
            entry["Name"] = mount.source;
            entry["Driver"] = "local";
        }
        entry["Source"] = volume ? "" : mount.source;
        entry["Destination"] = mount.destination;
        entry["Mode"] = join(mount.options, ",");
        entry["RW"] = !mount.read_only;
        entry["Propagation"] = volume ? "" : "rprivate";
        list.emplace_back(std::move(entry));
    }
    return list;
}

// `ps` shows the name a user would type; inspect has the image's id.
json::Object container_summary(const ContainerSummary& summary, UnixNanos now) {
    const json::Object network{{"NetworkID", ""},
                               {"EndpointID", ""},
                               {"Gateway", ""},
                               {"IPAddress", ""},
                               {"IPPrefixLen", 0},
                               {"MacAddress", ""}};
    return {
        {"Id", summary.id},
        {"Names", json::Array{"/" + summary.name}},
        {"Image", familiar_name(summary.image)},
        {"ImageID", "sha256:" + summary.image_id},
        {"Command", join(summary.command, " ")},
        {"Created", summary.created_at / 1000000000},
        {"Ports", port_list(summary.ports)},
        {"Labels", json::to_object(summary.labels)},
        {"State", docker_state(summary.status)},
        {"Status", status_sentence(summary, now)},
        {"HostConfig", json::Object{{"NetworkMode", summary.network_mode}}},
        {"NetworkSettings",
         json::Object{{"Networks", json::Object{{summary.network_mode, network}}}}},
        {"Mounts", mount_points(summary.mounts)},
    };
}

static json::Object state_object(const ContainerDetails& details) {
    const ContainerSummary& summary = details.summary;
    const ContainerStatus status = summary.status;
    const bool running = status == ContainerStatus::Running ||
                         status == ContainerStatus::Stopping || status == ContainerStatus::Paused;
    return {
        {"Status", docker_state(status)},
        {"Running", running},
        {"Paused", status == ContainerStatus::Paused},
        {"Restarting", status == ContainerStatus::Restarting},
        {"OOMKilled", details.oom_killed},
        {"Dead", status == ContainerStatus::Unknown},
        {"Pid", details.pid},
        {"ExitCode", summary.exit_code},
        {"Error", details.error},
        {"StartedAt", docker_time(summary.started_at)},
        {"FinishedAt", docker_time(summary.finished_at)},
    };
}

static json::Object config_object(const ContainerDetails& details) {
    const engine::CreateRequest& config = details.config;
    json::Object exposed;
    for (const PortMapping& port : config.ports) exposed[port_key(port)] = json::Object();
    json::Object object{
        {"Hostname", details.hostname},
        {"Domainname", ""},
        {"User", config.user},
        {"AttachStdin", config.interactive},
        {"AttachStdout", true},
        {"AttachStderr", true},
        {"ExposedPorts", exposed},
        {"Tty", config.terminal},
        {"OpenStdin", config.interactive},
        {"StdinOnce", config.interactive},
        {"Env", json::to_array(config.env)},
        {"Cmd", json::to_array(config.command)},
        {"Image", familiar_name(details.summary.image)},
        {"Volumes", nullptr},
        {"WorkingDir", config.working_dir},
        {"Entrypoint", nullptr},
        {"OnBuild", nullptr},
        {"Labels", json::to_object(config.labels)},
    };
    if (!details.entrypoint.empty()) object["Entrypoint"] = json::to_array(details.entrypoint);
    if (!config.stop_signal.empty()) object["StopSignal"] = config.stop_signal;
    if (config.stop_timeout_seconds) object["StopTimeout"] = *config.stop_timeout_seconds;
    return object;
}

static std::string_view restart_word(engine::RestartKind kind) {
    switch (kind) {
        case engine::RestartKind::No:
            return "no";
        case engine::RestartKind::Always:
            return "always";
        case engine::RestartKind::OnFailure:
            return "on-failure";
        case engine::RestartKind::UnlessStopped:
            return "unless-stopped";
    }
    return "no";
}

static json::Object host_config_object(const ContainerDetails& details) {
    const engine::CreateRequest& config = details.config;
    json::Array binds;
    json::Object tmpfs;
    for (const MountSpec& mount : config.mounts) {
        std::vector<std::string> options = mount.options;
        if (mount.kind == MountKind::Tmpfs) {
            tmpfs[mount.destination] = join(options, ",");
            continue;
        }
        options.insert(options.begin(), mount.read_only ? "ro" : "rw");
        binds.emplace_back(mount.source + ":" + mount.destination + ":" + join(options, ","));
    }
    const std::string log_type = config.log_driver.empty() ? "k8s-file" : config.log_driver;
    json::Object object{
        {"Binds", binds},
        {"ContainerIDFile", config.id_file},
        {"LogConfig", json::Object{{"Type", log_type}, {"Config", json::Object()}}},
        {"NetworkMode", details.summary.network_mode},
        {"PortBindings", port_map(config.ports, false)},
        {"RestartPolicy",
         json::Object{{"Name", restart_word(config.restart.kind)},
                      {"MaximumRetryCount", config.restart.max_retries}}},
        {"AutoRemove", config.auto_remove},
        {"CapAdd", json::to_array(config.cap_add)},
        {"CapDrop", json::to_array(config.cap_drop)},
        {"Privileged", config.privileged},
        {"PublishAllPorts", config.publish_all},
        {"ReadonlyRootfs", config.read_only},
        {"SecurityOpt", json::to_array(config.security_opt)},
        {"Runtime", details.runtime},
        {"Init", config.init},
        {"Memory", config.resources.memory.value_or(0)},
        {"MemorySwap", config.resources.memory_swap.value_or(0)},
        {"NanoCpus", config.resources.nano_cpus.value_or(0)},
        {"PidsLimit", config.resources.pids_limit.value_or(0)},
    };
    if (!tmpfs.empty()) object["Tmpfs"] = tmpfs;
    return object;
}

static json::Object network_object(const ContainerDetails& details) {
    const json::Object endpoint{{"IPAMConfig", nullptr},
                                {"NetworkID", ""},
                                {"EndpointID", ""},
                                {"Gateway", details.gateway},
                                {"IPAddress", details.ip_address},
                                {"IPPrefixLen", details.ip_address.empty() ? 0 : 16},
                                {"MacAddress", details.mac_address}};
    return {
        {"Bridge", ""},
        {"SandboxID", ""},
        {"SandboxKey", ""},
        {"Ports", port_map(details.config.ports, true)},
        {"Gateway", details.gateway},
        {"IPAddress", details.ip_address},
        {"IPPrefixLen", details.ip_address.empty() ? 0 : 16},
        {"MacAddress", details.mac_address},
        {"Networks", json::Object{{details.summary.network_mode, endpoint}}},
    };
}

json::Object container_document(const ContainerDetails& details) {
    const ContainerSummary& summary = details.summary;
    std::vector<std::string> arguments = summary.command;
    const std::string path = arguments.empty() ? "" : arguments.front();
    if (!arguments.empty()) arguments.erase(arguments.begin());
    return {
        {"Id", summary.id},
        {"Created", docker_time(summary.created_at)},
        {"Path", path},
        {"Args", json::to_array(arguments)},
        {"State", state_object(details)},
        {"Image", "sha256:" + summary.image_id},
        {"ResolvConfPath", ""},
        {"HostnamePath", ""},
        {"HostsPath", ""},
        {"LogPath", details.log_path},
        {"Name", "/" + summary.name},
        {"RestartCount", details.restart_count},
        {"Driver", "overlay"},
        {"Platform", "linux"},
        {"MountLabel", ""},
        {"ProcessLabel", ""},
        {"AppArmorProfile", ""},
        {"ExecIDs", nullptr},
        {"HostConfig", host_config_object(details)},
        {"GraphDriver",
         json::Object{{"Name", "overlay"},
                      {"Data", json::Object{{"UpperDir", details.rootfs_upper}}}}},
        {"Mounts", mount_points(details.config.mounts)},
        {"Config", config_object(details)},
        {"NetworkSettings", network_object(details)},
    };
}

}  // namespace dhow::api
