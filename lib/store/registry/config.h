// SPDX-License-Identifier: Apache-2.0
// How one registry is reached, and what certs.d says of it (containers-certs.d(5)). Read by
// dhow-transfer alone, before it locks itself in: clients that are made later read nothing.
#pragma once

#include "base/result.h"
#include "store/auth_file.h"

#include <optional>
#include <string>
#include <vector>

namespace dhow::store {

// What the user keeps for TLS with one host.
struct TlsFiles {
    std::string extra_ca;            // PEM of all *.crt
    std::string client_certificate;  // PEM of the first *.cert
    std::string client_key;          // PEM of its *.key
};

struct RegistryOptions {
    std::string registry;    // "docker.io", "localhost:5000"
    std::string repository;  // "library/busybox"; empty for a login
    bool insecure = false;   // plain HTTP, or TLS nobody vouches for, is acceptable
    TlsFiles tls = {};
    std::optional<Credentials> credentials = {};
    std::vector<std::string> token_servers = {};  // hosts that may have them, too
    bool push = false;                            // ask for the right to write, too
    std::vector<std::string> mount_sources = {};  // repositories to read from as well
};

// `ca_dir` if given, else the certs.d folders of Podman and Docker for "host[:port]", the user's
// first. InvalidArgument: a certificate without its key, or the other way round.
Result<TlsFiles> find_tls_files(const std::string& host, const std::string& ca_dir);

// $DHOW_TOKEN_SERVERS, "host[:port],...": token servers of another domain than their registry.
std::vector<std::string> trusted_token_servers();

}  // namespace dhow::store
