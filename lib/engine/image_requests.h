// SPDX-License-Identifier: Apache-2.0
// What a front door may ask of the engine about images and registries; part of engine/requests.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dhow::engine {

// How a registry is reached, and as whom.
struct RegistryAccess {
    // nullopt: as registries.conf says; false: plain HTTP or unverified TLS
    std::optional<bool> tls_verify;
    std::string ca_dir;       // --cert-dir: folder with *.crt
    std::string auth_file;    // where logins are kept; empty: the usual places
    std::string credentials;  // "user:password" for this one request
};

struct PullRequest : RegistryAccess {
    std::string image;
    bool quiet = false;
    std::string platform;  // "os/arch[/variant]"; empty: this machine's
};

struct PushRequest : RegistryAccess {
    std::string image;  // name or id
    std::string
        destination;     // "registry/name:tag", maybe after "docker://"; empty: the image's name
    std::string format;  // "", "oci" or "v2s2"; empty: as the image came
    std::string compression;  // "", "gzip" or "zstd"
    std::optional<int64_t> compression_level;
    bool force_compression = false;
};

struct SaveRequest {
    std::vector<std::string> images;        // names or ids
    std::string format = "docker-archive";  // "oci-archive", "oci-dir", "docker-dir"
};

// What becomes of the config of an image that is made here.
struct ImageChanges {
    std::vector<std::string> changes;  // see engine/config_changes.h
    std::string author;
    std::string message;
    std::string format;  // "", "oci" or "docker"
};

struct CommitRequest {
    std::string container;
    std::string image;  // its name; may be empty
    ImageChanges changes;
};

struct ImportRequest {
    std::string source;    // for the history: a path, or "-"
    std::string image;     // its name; may be empty
    std::string platform;  // "os/arch[/variant]"; empty: this machine's
    ImageChanges changes;
};

struct LoginRequest : RegistryAccess {
    std::string registry;
    std::string username;
    std::string password;
    bool keep = true;  // false: only try the credentials
};

}  // namespace dhow::engine
