// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/container_view.h"

#include "base/text.h"
#include "cmd/dhow/human.h"

#include <algorithm>

namespace dhow::cli {

namespace {

constexpr UnixNanos kSecond = 1'000'000'000;
constexpr size_t kCommandWidth = 17;

std::string_view protocol_name(engine::Protocol protocol) {
    return protocol == engine::Protocol::Udp ? "udp" : "tcp";
}

// A run of mappings that count up together.
struct PortRun {
    engine::PortMapping first;
    unsigned length = 1;

    [[nodiscard]] bool continued_by(const engine::PortMapping& next) const {
        return next.host_ip == first.host_ip && next.protocol == first.protocol &&
               next.container_port == first.container_port + length &&
               next.host_port == first.host_port + length;
    }

    [[nodiscard]] std::string words() const {
        const auto range = [this](unsigned begin) {
            std::string text = std::to_string(begin);
            if (length > 1) text += "-" + std::to_string(begin + length - 1);
            return text;
        };
        std::string out;
        if (first.host_port != 0) {
            const bool v6 = first.host_ip.find(':') != std::string::npos;
            const std::string ip = first.host_ip.empty() ? "0.0.0.0" : first.host_ip;
            out = (v6 ? "[" + ip + "]" : ip) + ":" + range(first.host_port) + "->";
        }
        return out + range(first.container_port) + "/" + std::string(protocol_name(first.protocol));
    }
};

std::vector<PortRun> port_runs(std::vector<engine::PortMapping> ports) {
    std::sort(ports.begin(), ports.end(), [](const auto& left, const auto& right) {
        return std::tie(left.protocol, left.host_ip, left.container_port, left.host_port) <
               std::tie(right.protocol, right.host_ip, right.container_port, right.host_port);
    });
    std::vector<PortRun> runs;
    for (engine::PortMapping& port : ports) {
        if (!runs.empty() && runs.back().continued_by(port)) {
            ++runs.back().length;
        } else {
            runs.push_back({std::move(port)});
        }
    }
    return runs;
}

json::Value text(std::string_view words) {
    return boost::json::string(words);
}

int64_t seconds_of(UnixNanos time) {
    return time / kSecond;
}

std::string capitalised(std::string_view word) {
    std::string out(word);
    if (!out.empty() && out[0] >= 'a' && out[0] <= 'z')
        out[0] = static_cast<char>(out[0] - ('a' - 'A'));
    return out;
}

std::vector<std::string> mount_targets(const engine::ContainerSummary& container) {
    std::vector<std::string> targets;
    for (const engine::MountSpec& mount : container.mounts) targets.push_back(mount.destination);
    return targets;
}

json::Array ports_json(const engine::ContainerSummary& container) {
    json::Array out;
    for (const PortRun& run : port_runs(container.ports)) {
        json::Object port;
        port["host_ip"] = run.first.host_ip;
        port["container_port"] = run.first.container_port;
        port["host_port"] = run.first.host_port;
        port["range"] = run.length;
        port["protocol"] = protocol_name(run.first.protocol);
        out.emplace_back(std::move(port));
    }
    return out;
}

bool has_ended(engine::ContainerStatus status) {
    return status == engine::ContainerStatus::Exited;
}

}  // namespace

std::string status_words(const engine::ContainerSummary& container, UnixNanos now) {
    using engine::ContainerStatus;
    const auto since = [now](UnixNanos time) {
        return human_duration(std::chrono::nanoseconds(now - time));
    };
    switch (container.status) {
        case ContainerStatus::Running:
            return "Up " + since(container.started_at);
        case ContainerStatus::Paused:
            return "Up " + since(container.started_at) + " (Paused)";
        case ContainerStatus::Exited:
            return "Exited (" + std::to_string(container.exit_code) + ") " +
                   human_ago(container.finished_at, now);
        case ContainerStatus::Created:
        case ContainerStatus::Restarting:
        case ContainerStatus::Stopping:
        case ContainerStatus::Removing:
        case ContainerStatus::Unknown:
            break;
    }
    return capitalised(engine::status_name(container.status));
}

std::string ports_words(std::vector<engine::PortMapping> ports) {
    std::vector<std::string> words;
    for (const PortRun& run : port_runs(std::move(ports))) words.push_back(run.words());
    return join(words, ", ");
}

std::string command_words(const std::vector<std::string>& command, bool full) {
    std::string words = join(command, " ");
    if (full || words.size() <= kCommandWidth) return words;
    // Never in the middle of a UTF-8 sequence.
    size_t end = kCommandWidth;
    while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xc0U) == 0x80U) --end;
    return words.substr(0, end) + "...";
}

std::vector<Column> container_columns() {
    return {
        {"ID", "CONTAINER ID"},      {"Image", "IMAGE"},          {"ImageID", "IMAGE ID"},
        {"Command", "COMMAND"},      {"CreatedHuman", "CREATED"}, {"Created", "CREATED"},
        {"CreatedAt", "CREATED AT"}, {"RunningFor", "CREATED"},   {"Status", "STATUS"},
        {"State", "STATE"},          {"StartedAt", "STARTEDAT"},  {"Exited", "EXITED"},
        {"ExitedAt", "EXITEDAT"},    {"ExitCode", "EXITCODE"},    {"Ports", "PORTS"},
        {"Names", "NAMES"},          {"Labels", "LABELS"},        {"Label", "LABEL"},
        {"Mounts", "MOUNTS"},        {"Networks", "NETWORKS"},
    };
}

json::Value container_row(const engine::ContainerSummary& container, UnixNanos now, bool full) {
    const std::string ago = human_ago(container.created_at, now);
    json::Object row;
    row["ID"] = full ? container.id : short_id(container.id);
    row["Image"] = container.image;
    row["ImageID"] = full ? container.image_id : short_id(container.image_id);
    row["Command"] = command_words(container.command, full);
    row["CreatedHuman"] = ago;
    row["Created"] = ago;
    row["CreatedAt"] = human_time(container.created_at);
    row["RunningFor"] = ago;
    row["Status"] = status_words(container, now);
    row["State"] = text(engine::status_name(container.status));
    row["StartedAt"] = seconds_of(container.started_at);
    row["Exited"] = has_ended(container.status);
    row["ExitedAt"] = seconds_of(container.finished_at);
    row["ExitCode"] = container.exit_code;
    row["Ports"] = ports_words(container.ports);
    row["Names"] = container.name;
    row["Labels"] = json::to_object(container.labels);
    row["Mounts"] = join(mount_targets(container), ",");
    row["Networks"] = container.network_mode;
    return row;
}

json::Value container_json(const engine::ContainerSummary& container, UnixNanos now) {
    json::Object object;
    object["Command"] = json::to_array(container.command);
    object["CreatedAt"] = human_ago(container.created_at, now);
    object["Exited"] = has_ended(container.status);
    object["ExitedAt"] = seconds_of(container.finished_at);
    object["ExitCode"] = container.exit_code;
    object["Id"] = container.id;
    object["Image"] = container.image;
    object["ImageID"] = container.image_id;
    object["Labels"] = json::to_object(container.labels);
    object["Mounts"] = json::to_array(mount_targets(container));
    object["Names"] = json::to_array({container.name});
    object["Networks"] = json::to_array({container.network_mode});
    object["Ports"] = ports_json(container);
    object["StartedAt"] = seconds_of(container.started_at);
    object["State"] = text(engine::status_name(container.status));
    object["Status"] = status_words(container, now);
    object["Created"] = seconds_of(container.created_at);
    return object;
}

}  // namespace dhow::cli
