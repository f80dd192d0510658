// SPDX-License-Identifier: Apache-2.0
// The image config (OCI image-spec 1.1, config.md): what an image says of how it wants to be run.
// All of it is the image author's word and hostile; none of it may change isolation.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "oci/spec/digest.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::oci {

// The member `config`; names as in the spec.
struct ContainerDefaults {
    std::string user;
    std::vector<std::string> env;  // "K=V"
    std::vector<std::string> entrypoint;
    std::vector<std::string> cmd;
    std::vector<std::string> volumes;        // keys of Volumes
    std::vector<std::string> exposed_ports;  // keys of ExposedPorts: "80/tcp"
    std::string working_dir;
    std::map<std::string, std::string> labels;
    std::string stop_signal;
};

struct RootFs {
    std::vector<DiffId> diff_ids;  // base first
};

struct ImageConfig {
    std::string architecture;
    std::string os;
    std::string variant;
    std::optional<UnixNanos> created;
    std::string author;
    ContainerDefaults config;
    RootFs rootfs;
};

inline constexpr size_t kMaxConfigBytes = 8U << 20U;

Result<ImageConfig> parse_image_config(std::string_view text);

}  // namespace dhow::oci
