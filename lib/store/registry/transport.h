// SPDX-License-Identifier: Apache-2.0
// HTTP for the registry client: libcurl behind one class, in dhow-transfer alone. TLS is verified
// against the system's certificates plus what the user gave for this registry; redirects never
// carry credentials to another origin (libcurl drops them) and never lead from HTTPS to HTTP.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

struct TransportOptions {
    bool allow_http = false;  // plain HTTP is acceptable
    bool verify_tls = true;
    std::string extra_ca;            // PEM certificates, concatenated
    std::string client_certificate;  // PEM; empty: none
    std::string client_key;          // PEM
};

enum class HttpMethod { Get, Head, Post, Put, Patch };

// Fills `buffer` with at most `size` bytes of a body; 0: the end.
using BodySource = std::function<Result<size_t>(char* buffer, size_t size)>;

struct HttpRequest {
    std::string url;
    HttpMethod method = HttpMethod::Get;
    std::vector<std::string> headers;  // "Name: value"
    std::optional<std::string> basic;  // "user:password"
    uint64_t resume_from = 0;          // bytes already had
    size_t body_limit = 8U << 20U;     // for bodies that are kept
    std::string body;                  // Post, Put
    BodySource body_source;            // Put, Patch: instead of body, of unknown length
};

struct HttpResponse {
    long status = 0;
    std::map<std::string, std::string> headers;  // lower-case names; the last of equal ones
    std::string body;
};

// `status` is 200 (the whole body) or 206 (from resume_from on).
using BodySink = std::function<Status(long status, std::string_view bytes)>;

// Once, before any thread and any Transport (curl_global_init(3)).
void prepare_transport();

class Transport {
  public:
    explicit Transport(TransportOptions options);
    Transport(Transport&&) noexcept;
    Transport& operator=(Transport&&) noexcept;
    ~Transport();

    // Network failures are Unavailable, and say what and why; any HTTP status is a response. Get
    // and Head follow redirects; with a body a redirect is the response. A body source's error is
    // returned as it is.
    Result<HttpResponse> send(const HttpRequest& request);
    // GET whose body, when the status is 200 or 206, goes to `sink` and is not kept. The sink's
    // error is returned as it is.
    Result<HttpResponse> stream(const HttpRequest& request, const BodySink& sink);

  private:
    struct Handle;
    Result<HttpResponse> perform(const HttpRequest& request, const BodySink* sink);

    TransportOptions options_;
    std::unique_ptr<Handle> handle_;  // kept: connections are reused
};

}  // namespace dhow::store
