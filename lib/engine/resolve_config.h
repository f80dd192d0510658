// SPDX-License-Identifier: Apache-2.0
// From what was asked (CreateRequest) and what the image says (ImageConfig) to the ContainerConfig
// that is stored. Pure: no files, no clock, no namespaces, so that every rule is a unit test.
#pragma once

#include "base/result.h"
#include "engine/container_config.h"
#include "engine/requests.h"
#include "oci/spec/image_config.h"

#include <string>
#include <vector>

namespace dhow::engine {

// What the host contributes to the defaults.
struct HostFacts {
    bool rootless = true;
    std::string hostname;
};

struct ResolveInput {
    std::string id;
    std::string name;
    std::string image;                // fully qualified reference
    std::string image_id;             // hex digits
    std::vector<std::string> layers;  // DiffIDs, base first
    UnixNanos now = 0;
    HostFacts host;
};

struct Resolved {
    ContainerConfig config;
    std::vector<std::string> warnings;
};

// Anonymous volumes of the image come back as MountSpecs of kind Volume with an empty source: the
// engine names them. Ports with host_port 0 are chosen later.
Result<Resolved> resolve_config(const ResolveInput& input,
                                const CreateRequest& request,
                                const oci::ImageConfig& image);

}  // namespace dhow::engine
