// SPDX-License-Identifier: Apache-2.0
// The pulling half of the distribution specification 1.1, for one repository: manifests and blobs
// by tag or digest, with the registry's login dance. A blob that breaks off is resumed where it
// stopped. In dhow-transfer alone; one client per thread.
#pragma once

#include "base/result.h"
#include "oci/spec/descriptor.h"
#include "store/auth_file.h"
#include "store/registry/transport.h"
#include "store/transfer/decompress.h"

#include <cstdint>
#include <optional>
#include <string>

namespace dhow::store {

struct RegistryOptions {
    std::string registry;    // "docker.io", "localhost:5000"
    std::string repository;  // "library/busybox"; empty for a login
    std::optional<bool> tls_verify;
    std::string ca_dir;
    std::optional<Credentials> credentials;
};

struct FetchedManifest {
    std::string bytes;
    std::string media_type;
    std::string digest;  // "sha256:...", computed here
};

class RegistryClient {
  public:
    // Reads this machine's settings and finds out whether the registry speaks HTTPS.
    static Result<RegistryClient> connect(const RegistryOptions& options);

    // `reference`: a tag, or "sha256:..." which the answer's digest must equal.
    Result<FetchedManifest> manifest(const std::string& reference);
    // The bytes, in order and once; whoever takes them verifies them.
    Status blob(const oci::Descriptor& descriptor, const ByteSink& sink);
    Result<std::string> small_blob(const oci::Descriptor& descriptor, size_t limit);
    // Asks for the API's root with the credentials: Permission when they are refused.
    Status check_login();

  private:
    RegistryClient(RegistryOptions options, Transport transport, bool allow_http)
        : options_(std::move(options)), transport_(std::move(transport)), allow_http_(allow_http) {}

    Status find_scheme();
    [[nodiscard]] std::string url(const std::string& path) const;
    [[nodiscard]] HttpRequest request(const std::string& path) const;
    Result<HttpResponse> authorized_get(const HttpRequest& request);
    Result<HttpResponse> blob_attempt(const oci::Descriptor& descriptor,
                                      uint64_t& received,
                                      const ByteSink& sink);
    Status answer_challenge(const HttpResponse& response);
    Status fetch_token(const std::string& url);
    [[nodiscard]] Error refused(const HttpResponse& response, const std::string& what) const;

    RegistryOptions options_;
    Transport transport_;
    bool allow_http_;
    std::string base_;   // "https://host"
    std::string token_;  // Bearer
    bool basic_ = false;
};

}  // namespace dhow::store
