// SPDX-License-Identifier: Apache-2.0
// ContainerConfig: what a container is, resolved once at create and never changed after. Stored as
// JSON in the container's row; the OCI runtime spec is derived from it at each start and is never
// the truth. Paths are absolute; everything the image contributes is already folded in.
#pragma once

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "engine/requests.h"

#include <string>
#include <string_view>
#include <vector>

namespace dhow::engine {

struct ContainerConfig {
    std::string id;                   // 64 hexadecimal digits
    std::string name;                 // as it was at create; the row holds the present one
    std::string image;                // the reference, fully qualified
    std::string image_id;             // hex digits
    std::vector<std::string> layers;  // DiffIDs, the base layer first
    // With nothing left to default: command, env, user, working_dir, hostname, mounts (volumes
    // named), ports (host ports chosen), network, runtime, stop_signal, log_driver are all set.
    CreateRequest options;
    std::vector<std::string> entrypoint;
    UnixNanos created_at = 0;

    // What the container runs: entrypoint, then command.
    [[nodiscard]] std::vector<std::string> argv() const;
    [[nodiscard]] int stop_timeout_seconds() const;
};

json::Object to_json(const ContainerConfig& config);
Result<ContainerConfig> parse_container_config(std::string_view text);

// The words used in JSON, in `inspect` and on the command line.
std::string_view network_name(NetworkKind kind);
std::string_view restart_name(RestartKind kind);
std::string_view mount_kind_name(MountKind kind);
std::string_view protocol_name(Protocol protocol);

inline constexpr int kDefaultStopTimeoutSeconds = 10;

}  // namespace dhow::engine
