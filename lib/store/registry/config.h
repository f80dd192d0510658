// SPDX-License-Identifier: Apache-2.0
// What this machine's files say of a registry: registries.conf (containers-registries.conf(5),
// version 2) and certs.d (containers-certs.d(5)). Read by dhow-transfer alone.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

struct RegistrySettings {
    bool insecure = false;  // plain HTTP, or TLS nobody vouches for, is acceptable
    bool blocked = false;
    std::string extra_ca;  // PEM
    size_t matched = 0;  // length of the prefix that says so: a longer one, in any file, overrules
};

// For "host[:port]/repository". $CONTAINERS_REGISTRIES_CONF, or
// ~/.config/containers/registries.conf, or /etc/containers/registries.conf, with its
// registries.conf.d; then `ca_dir` if given, else the certs.d folders of Podman and Docker.
Result<RegistrySettings> find_registry_settings(std::string_view repository,
                                                const std::string& ca_dir);

// The part of it that reads one file's text.
Status apply_registries_conf(std::string_view text,
                             const std::string& path,
                             std::string_view repository,
                             RegistrySettings& settings);

}  // namespace dhow::store
