// SPDX-License-Identifier: Apache-2.0
// The distribution specification 1.1, for one repository: manifests and blobs by tag or digest,
// down (client.cc) and up (upload.cc), with the registry's login dance. A download that breaks off
// is resumed where it stopped. In dhow-transfer alone; one client per thread.
#pragma once

#include "base/result.h"
#include "oci/spec/descriptor.h"
#include "store/registry/config.h"
#include "store/registry/transport.h"
#include "store/transfer/decompress.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

struct FetchedManifest {
    std::string bytes;
    std::string media_type;
    std::string digest;  // "sha256:...", computed here
};

class RegistryClient {
  public:
    // Finds out whether the registry speaks HTTPS. Reads no file.
    static Result<RegistryClient> connect(const RegistryOptions& options);

    // `reference`: a tag, or "sha256:..." which the answer's digest must equal.
    Result<FetchedManifest> manifest(const std::string& reference);
    // The bytes, in order and once; whoever takes them verifies them.
    Status blob(const oci::Descriptor& descriptor, const ByteSink& sink);
    Result<std::string> small_blob(const oci::Descriptor& descriptor, size_t limit);

    Result<bool> has_blob(const oci::Digest& digest);
    // Has the registry take a blob over from another of its repositories; false: it would not.
    Result<bool> mount_blob(const oci::Digest& digest, const std::string& from);
    // Uploads what `source` gives, in one pass; `digest` is asked for when all of it is sent.
    Status upload_blob(const BodySource& source, const std::function<oci::Digest()>& digest);
    Status upload_small_blob(std::string_view bytes, const oci::Digest& digest);
    // `reference`: a tag or a digest.
    Status put_manifest(const std::string& reference,
                        std::string_view media_type,
                        const std::string& bytes);

    // Asks for the API's root with the credentials: Permission when they are refused.
    Status check_login();

  private:
    RegistryClient(RegistryOptions options, Transport transport, bool allow_http)
        : options_(std::move(options)), transport_(std::move(transport)), allow_http_(allow_http) {}

    Status find_scheme();
    [[nodiscard]] std::string url(const std::string& path) const;
    [[nodiscard]] HttpRequest request(const std::string& path) const;
    // With what the registry asked for as proof, after asking once more, if need be. Without a
    // body source: a body cannot be had twice.
    Result<HttpResponse> authorized(const HttpRequest& request);
    void authorize(HttpRequest& request) const;
    Result<std::string> begin_upload(const std::string& query);
    [[nodiscard]] Result<std::string> location_of(const HttpResponse& response) const;
    Status finish_upload(const std::string& location, const oci::Digest& digest);
    Result<HttpResponse> blob_attempt(const oci::Descriptor& descriptor,
                                      uint64_t& received,
                                      const ByteSink& sink);
    Status answer_challenge(const HttpResponse& response);
    [[nodiscard]] Status check_token_server(const std::string& realm) const;
    Status fetch_token(const std::string& realm, const std::string& question);
    [[nodiscard]] Error refused(const HttpResponse& response, const std::string& what) const;

    RegistryOptions options_;
    Transport transport_;
    bool allow_http_;
    std::string base_;   // "https://host"
    std::string token_;  // Bearer
    bool basic_ = false;
};

}  // namespace dhow::store
