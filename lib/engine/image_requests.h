// SPDX-License-Identifier: Apache-2.0
// What a front door may ask of the engine about images and registries; part of engine/requests.h.
#pragma once

#include <optional>
#include <string>

namespace dhow::engine {

struct PullRequest {
    std::string image;
    bool quiet = false;
    // nullopt: as registries.conf says; false: plain HTTP or unverified TLS
    std::optional<bool> tls_verify;
    std::string ca_dir;  // --cert-dir: folder with *.crt
    std::string auth_file;
    std::string credentials;  // "user:password" for this one pull
    std::string platform;     // "os/arch[/variant]"; empty: this machine's
};

struct LoginRequest {
    std::string registry;
    std::string username;
    std::string password;
    std::optional<bool> tls_verify;
    std::string ca_dir;
    std::string auth_file;
    bool keep = true;  // false: only try the credentials
};

}  // namespace dhow::engine
