// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/guard.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace dhow::api {

static bool is_local_host(std::string_view host) {
    // What clients put there for a unix socket: nothing, a fixed word, or the socket's path.
    constexpr std::array<std::string_view, 8> kWords = {
        "", "localhost", "docker", "d", "api.moby.localhost", "dhow", "unix", "127.0.0.1"};
    const std::string name = to_lower(split_once(host, ':').first);
    if (std::find(kWords.begin(), kWords.end(), name) != kWords.end()) return true;
    const std::string path = to_lower(host);
    return path.starts_with("%2f") || path.starts_with("/");
}

static bool takes_type(const Request& request, std::string_view type) {
    const std::string kind = to_lower(trim(split_once(type, ';').first));
    constexpr std::array<std::string_view, 7> kTypes = {"application/json",
                                                        "application/x-tar",
                                                        "application/tar",
                                                        "application/x-gzip",
                                                        "application/octet-stream",
                                                        "application/json-patch+json",
                                                        "application/x-www-form-urlencoded"};
    // A form post is what a page can send anywhere without asking; without a body it carries
    // nothing a route reads, and python3-docker does send it.
    if (kind == "application/x-www-form-urlencoded") return !request.has_body;
    if (kind == "text/plain") return !request.has_body || request.upgrade;
    return std::find(kTypes.begin(), kTypes.end(), kind) != kTypes.end();
}

std::optional<BadRequest> find_foreign_origin(const Request& request) {
    if (request.header("Origin") != nullptr) {
        return BadRequest{403, "requests from web pages are refused"};
    }
    const std::string* site = request.header("Sec-Fetch-Site");
    if (site != nullptr && to_lower(*site) != "none") {
        return BadRequest{403, "requests from web pages are refused"};
    }
    const std::string* host = request.header("Host");
    if (host != nullptr && !is_local_host(*host)) {
        return BadRequest{403, "host '" + printable(*host) + "' is not this service"};
    }
    const std::string* type = request.header("Content-Type");
    if (request.has_body && type != nullptr && !takes_type(request, *type)) {
        return BadRequest{415, "content type '" + printable(*type) + "' is not understood"};
    }
    return std::nullopt;
}

}  // namespace dhow::api
