// SPDX-License-Identifier: Apache-2.0
// inspect: one container as data, and as the document `podman inspect` prints.
#include "base/clock.h"
#include "engine/capability_names.h"
#include "engine/container_repo.h"
#include "engine/container_state.h"
#include "engine/context.h"
#include "engine/details.h"
#include "engine/engine.h"
#include "engine/leases.h"
#include "engine/network/network.h"

namespace dhow::engine {

namespace {

// Go's zero time, which is what readers of this document expect for "never".
std::string time_text(UnixNanos time) {
    return time == 0 ? "0001-01-01T00:00:00Z" : format_rfc3339(time);
}

std::string port_key(const PortMapping& port) {
    return std::to_string(port.container_port) + "/" + std::string(protocol_name(port.protocol));
}

json::Object ports_object(const std::vector<PortMapping>& ports) {
    json::Object object;
    for (const PortMapping& port : ports) {
        json::Value& list = object[port_key(port)];
        if (!list.is_array()) list = json::Array();
        list.get_array().emplace_back(
            json::Object{{"HostIp", port.host_ip.empty() ? "0.0.0.0" : port.host_ip},
                         {"HostPort", std::to_string(port.host_port)}});
    }
    return object;
}

json::Object state_object(const ContainerDetails& details) {
    const ContainerSummary& summary = details.summary;
    return {{"Status", status_name(summary.status)},
            {"Running", summary.status == ContainerStatus::Running},
            {"Paused", summary.status == ContainerStatus::Paused},
            {"Restarting", summary.status == ContainerStatus::Restarting},
            {"OOMKilled", details.oom_killed},
            {"Dead", false},
            {"Pid", details.pid},
            {"ExitCode", summary.exit_code},
            {"Error", details.error},
            {"StartedAt", time_text(summary.started_at)},
            {"FinishedAt", time_text(summary.finished_at)}};
}

json::Object config_object(const ContainerDetails& details) {
    const CreateRequest& config = details.config;
    return {{"Hostname", details.hostname},
            {"User", config.user},
            {"Tty", config.terminal},
            {"OpenStdin", config.interactive},
            {"Env", json::to_array(config.env)},
            {"Cmd", json::to_array(config.command)},
            {"Entrypoint", json::to_array(details.entrypoint)},
            {"Image", details.summary.image},
            {"WorkingDir", config.working_dir},
            {"Labels", json::to_object(config.labels)},
            {"Annotations", json::to_object(config.annotations)},
            {"StopSignal", config.stop_signal},
            {"StopTimeout", config.stop_timeout_seconds.value_or(kDefaultStopTimeoutSeconds)}};
}

json::Object host_config_object(const ContainerDetails& details) {
    const CreateRequest& config = details.config;
    json::Array binds;
    for (const MountSpec& mount : config.mounts) {
        if (mount.kind == MountKind::Tmpfs) continue;
        binds.emplace_back(mount.source + ":" + mount.destination +
                           (mount.read_only ? ":ro" : ":rw"));
    }
    return {{"Binds", binds},
            {"NetworkMode", network_name(config.network)},
            {"PortBindings", ports_object(config.ports)},
            {"RestartPolicy",
             json::Object{{"Name", restart_name(config.restart.kind)},
                          {"MaximumRetryCount", config.restart.max_retries}}},
            {"AutoRemove", config.auto_remove},
            {"Init", config.init},
            {"Privileged", config.privileged},
            {"ReadonlyRootfs", config.read_only},
            {"CapAdd", json::to_array(config.cap_add)},
            {"CapDrop", json::to_array(config.cap_drop)},
            {"SecurityOpt", json::to_array(config.security_opt)},
            {"Memory", config.resources.memory.value_or(0)},
            {"MemorySwap", config.resources.memory_swap.value_or(0)},
            {"NanoCpus", config.resources.nano_cpus.value_or(0)},
            {"PidsLimit", config.resources.pids_limit.value_or(0)},
            {"LogConfig", json::Object{{"Type", config.log_driver}, {"Path", details.log_path}}}};
}

json::Array mounts_array(const ContainerDetails& details) {
    json::Array mounts;
    for (const MountSpec& mount : details.config.mounts) {
        json::Object object{{"Type", mount_kind_name(mount.kind)}};
        if (mount.kind == MountKind::Volume) object["Name"] = mount.source;
        object["Source"] = mount.source;
        object["Destination"] = mount.destination;
        object["Options"] = json::to_array(mount.options);
        object["RW"] = !mount.read_only;
        mounts.emplace_back(std::move(object));
    }
    return mounts;
}

json::Object network_object(const ContainerDetails& details) {
    return {{"IPAddress", details.ip_address},
            {"Gateway", details.gateway},
            {"MacAddress", details.mac_address},
            {"Ports", ports_object(details.config.ports)}};
}

}  // namespace

Result<ContainerDetails> inspect_container(Engine& engine, const std::string& name) {
    Context& context = engine.context();
    const auto row = TRY(find_container(context, name));
    const auto state = TRY(read_container_state(context, row.id));
    auto details = describe(context, row, state);
    const auto lease = TRY(find_lease(context, row.id));
    if (lease) {
        details.ip_address = *lease;
        details.gateway = network::gateway_of(*lease);
        details.mac_address = network::mac_of(*lease);
    }
    return details;
}

Result<json::Object> inspect_container_json(Engine& engine, const std::string& name) {
    const auto details = TRY(inspect_container(engine, name));
    const ContainerSummary& summary = details.summary;
    std::vector<std::string> arguments = summary.command;
    const std::string path = arguments.empty() ? "" : arguments.front();
    if (!arguments.empty()) arguments.erase(arguments.begin());
    const auto capabilities = TRY(resolve_capabilities(
        details.config.cap_add, details.config.cap_drop, details.config.privileged));
    return json::Object{{"Id", summary.id},
                        {"Created", time_text(summary.created_at)},
                        {"Path", path},
                        {"Args", json::to_array(arguments)},
                        {"State", state_object(details)},
                        {"Image", summary.image_id},
                        {"ImageName", summary.image},
                        {"Name", summary.name},
                        {"RestartCount", details.restart_count},
                        {"Driver", "overlay"},
                        {"OCIRuntime", details.runtime},
                        {"EffectiveCaps", json::to_array(capabilities)},
                        {"BoundingCaps", json::to_array(capabilities)},
                        {"GraphDriver",
                         json::Object{{"Name", "overlay"},
                                      {"Data", json::Object{{"UpperDir", details.rootfs_upper}}}}},
                        {"Mounts", mounts_array(details)},
                        {"NetworkSettings", network_object(details)},
                        {"Config", config_object(details)},
                        {"HostConfig", host_config_object(details)}};
}

}  // namespace dhow::engine
