// SPDX-License-Identifier: Apache-2.0
#include "store/registry/client.h"

#include "base/json.h"
#include "base/text.h"
#include "oci/spec/manifest.h"
#include "store/registry/challenge.h"
#include "store/transfer/sha256.h"

#include <algorithm>

#include <unistd.h>

namespace dhow::store {

namespace {

// In a row, without a byte gained.
constexpr int kMaxAttempts = 4;

std::string host_of(const std::string& registry) {
    return registry == "docker.io" ? "registry-1.docker.io" : registry;
}

std::string percent_encode(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        encoded += plain ? std::string(1, c) : "%" + to_hex(std::string_view(&c, 1));
    }
    return encoded;
}

// The first message of the specification's error document, if the answer is one.
std::string registry_message(const std::string& body) {
    const auto object = json::parse_object(body, "answer");
    if (!object) return {};
    const auto errors = json::get_array(*object, "errors");
    if (!errors || *errors == nullptr || (*errors)->empty()) return {};
    const json::Value& first = (**errors)[0];
    if (!first.is_object()) return {};
    const auto message = json::get_string(first.get_object(), "message");
    return message && *message ? printable((*message)->substr(0, 200)) : std::string();
}

bool worth_retrying(const Result<HttpResponse>& answer) {
    if (!answer) return answer.error().kind == ErrorKind::Unavailable;
    return answer->status == 429 || answer->status >= 500;
}

void back_off(int attempt) {
    ::usleep(100'000U << static_cast<unsigned>(attempt));
}

}  // namespace

Result<RegistryClient> RegistryClient::connect(const RegistryOptions& options) {
    Transport transport(TransportOptions{.allow_http = options.insecure,
                                         .verify_tls = !options.insecure,
                                         .extra_ca = options.tls.extra_ca,
                                         .client_certificate = options.tls.client_certificate,
                                         .client_key = options.tls.client_key});
    RegistryClient client(options, std::move(transport), options.insecure);
    TRY(client.find_scheme());
    return client;
}

// A registry marked insecure may still speak TLS: that is tried first (as Podman and Docker do).
Status RegistryClient::find_scheme() {
    base_ = "https://" + host_of(options_.registry);
    if (!allow_http_) return {};
    if (transport_.send(HttpRequest{.url = base_ + "/v2/"})) return {};
    base_ = "http://" + host_of(options_.registry);
    return {};
}

std::string RegistryClient::url(const std::string& path) const {
    return base_ + "/v2/" + options_.repository + path;
}

HttpRequest RegistryClient::request(const std::string& path) const {
    return HttpRequest{.url = url(path)};
}

// Proof goes to the registry itself and nowhere else, whatever address it sent us to.
void RegistryClient::authorize(HttpRequest& request) const {
    if (!request.url.starts_with(base_ + "/")) return;
    if (!token_.empty()) request.headers.push_back("Authorization: Bearer " + token_);
    if (basic_ && options_.credentials) {
        request.basic = options_.credentials->username + ":" + options_.credentials->password;
    }
}

Result<HttpResponse> RegistryClient::authorized(const HttpRequest& request) {
    bool asked = false;
    for (int attempt = 0;;) {
        HttpRequest signed_request = request;
        authorize(signed_request);
        auto answer = transport_.send(signed_request);
        // Nobody listening is not a passing weakness: say so at once.
        if (!answer) return answer;
        if (worth_retrying(answer) && attempt + 1 < kMaxAttempts) {
            back_off(attempt++);
        } else if (answer->status == 401 && !std::exchange(asked, true)) {
            TRY(answer_challenge(*answer));
        } else {
            return answer;
        }
    }
}

Status RegistryClient::answer_challenge(const HttpResponse& response) {
    const auto header = response.headers.find("www-authenticate");
    const auto challenge =
        header == response.headers.end() ? std::nullopt : parse_challenge(header->second);
    if (!challenge) return refused(response, "log in");
    if (challenge->scheme == Challenge::Scheme::Basic) {
        const bool password = options_.credentials && options_.credentials->identity_token.empty();
        if (!password) return refused(response, "log in");
        basic_ = true;
        return {};
    }
    // A registry behind TLS that asks for the password to be sent in the clear is not to be obeyed.
    const bool downgrade =
        base_.starts_with("https://") && !challenge->realm.starts_with("https://");
    if (downgrade) {
        return make_error(ErrorKind::Permission,
                          "registry '" + options_.registry + "' sends its users to '" +
                              printable(challenge->realm) + "', which is not HTTPS");
    }
    std::string scope = challenge->scope;
    if (scope.empty() && !options_.repository.empty()) {
        scope = "repository:" + options_.repository + (options_.push ? ":pull,push" : ":pull");
    }
    if (options_.credentials) TRY(check_token_server(challenge->realm));
    std::string question = "service=" + percent_encode(challenge->service);
    if (!scope.empty()) question += "&scope=" + percent_encode(scope);
    for (const std::string& source : options_.mount_sources) {
        question += "&scope=" + percent_encode("repository:" + source + ":pull");
    }
    return fetch_token(challenge->realm, question);
}

// A registry may send its users anywhere for a token; their passwords go to its owner alone.
Status RegistryClient::check_token_server(const std::string& realm) const {
    const auto& trusted = options_.token_servers;
    const std::string host(authority_of(realm));
    if (same_owner(realm, host_of(options_.registry))) return {};
    if (std::find(trusted.begin(), trusted.end(), host) != trusted.end()) return {};
    return make_error(ErrorKind::Permission,
                      "registry '" + options_.registry + "' wants its users' passwords sent to '" +
                          printable(host) + "', which is another's",
                      "if that is right, set DHOW_TOKEN_SERVERS=" + printable(host));
}

// With a password: a question by GET (distribution's "token" specification); with an identity token
// the form of OAuth 2 (its "oauth" specification).
static HttpRequest token_request(const std::string& realm,
                                 const std::string& question,
                                 const std::optional<Credentials>& credentials) {
    const char* separator = realm.find('?') == std::string::npos ? "?" : "&";
    HttpRequest request{.url = realm + separator + question, .body_limit = 1U << 20U};
    if (!credentials) return request;
    if (credentials->identity_token.empty()) {
        request.basic = credentials->username + ":" + credentials->password;
        return request;
    }
    request.url = realm;
    request.method = HttpMethod::Post;
    request.headers.emplace_back("Content-Type: application/x-www-form-urlencoded");
    request.body = question + "&grant_type=refresh_token&client_id=dhow&refresh_token=" +
                   percent_encode(credentials->identity_token);
    return request;
}

Status RegistryClient::fetch_token(const std::string& realm, const std::string& question) {
    const HttpRequest request = token_request(realm, question, options_.credentials);
    const auto answer = TRY(transport_.send(request));
    if (answer.status != 200) return refused(answer, "log in");
    const auto object = TRY(json::parse_object(answer.body, "token"));
    token_ = TRY(json::get_string(object, "token")).value_or("");
    if (token_.empty()) token_ = TRY(json::get_string(object, "access_token")).value_or("");
    const bool clean = std::all_of(token_.begin(), token_.end(), [](char c) { return c > ' '; });
    if (!token_.empty() && clean) return {};
    return make_error(ErrorKind::Corrupt,
                      "registry '" + options_.registry + "' gave no usable token");
}

Error RegistryClient::refused(const HttpResponse& response, const std::string& what) const {
    const std::string name = options_.registry + "/" + options_.repository;
    const std::string preposition = options_.push ? " to '" : " from '";
    std::string message = registry_message(response.body);
    if (!message.empty()) message = " (" + message + ")";
    switch (response.status) {
        case 401:
        case 403:
            return make_error(ErrorKind::Permission,
                              what + preposition + name + "': access denied" + message,
                              "log in with: dhow login " + options_.registry);
        case 404:
            return make_error(ErrorKind::NotFound,
                              what + preposition + name + "': not found" + message,
                              "check the image's name and tag");
        default:
            return make_error(ErrorKind::Unavailable,
                              what + preposition + name + "': HTTP status " +
                                  std::to_string(response.status) + message,
                              "try again later");
    }
}

Result<FetchedManifest> RegistryClient::manifest(const std::string& reference) {
    HttpRequest wanted = request("/manifests/" + reference);
    wanted.body_limit = oci::kMaxManifestBytes;
    for (const std::string_view type :
         {oci::kOciIndex, oci::kOciManifest, oci::kDockerList, oci::kDockerManifest}) {
        wanted.headers.push_back("Accept: " + std::string(type));
    }
    auto answer = TRY(authorized(wanted));
    if (answer.status != 200) return refused(answer, "pull manifest '" + reference + "'");
    FetchedManifest manifest;
    manifest.digest = "sha256:" + sha256_hex(answer.body);
    if (reference.starts_with("sha256:") && manifest.digest != reference) {
        return make_error(ErrorKind::Corrupt,
                          "manifest digest is " + manifest.digest + ", not " + reference,
                          "the image is damaged where it is stored: push it there again");
    }
    manifest.bytes = std::move(answer.body);
    manifest.media_type = answer.headers["content-type"];
    manifest.media_type = trim(split_once(manifest.media_type, ';').first);
    return manifest;
}

// One attempt at a blob's bytes from `received` on. A server may ignore the range and begin anew:
// what we have is then skipped.
Result<HttpResponse> RegistryClient::blob_attempt(const oci::Descriptor& descriptor,
                                                  uint64_t& received,
                                                  const ByteSink& sink) {
    HttpRequest wanted = request("/blobs/" + descriptor.digest.text());
    wanted.resume_from = received;
    authorize(wanted);
    uint64_t to_skip = received;
    return transport_.stream(wanted, [&](long status, std::string_view bytes) -> Status {
        if (status == 206) to_skip = 0;
        const size_t skipped = static_cast<size_t>(std::min<uint64_t>(to_skip, bytes.size()));
        to_skip -= skipped;
        bytes.remove_prefix(skipped);
        received += bytes.size();
        return sink(bytes);
    });
}

// A connection that breaks off is worth another as long as each brings something.
Status RegistryClient::blob(const oci::Descriptor& descriptor, const ByteSink& sink) {
    const std::string what = "pull blob " + descriptor.digest.text().substr(0, 19);
    uint64_t received = 0;
    bool asked = false;
    for (int attempt = 0; attempt < kMaxAttempts;) {
        const uint64_t before = received;
        auto answer = blob_attempt(descriptor, received, sink);
        const bool served = answer && (answer->status == 200 || answer->status == 206);
        if (served && received >= descriptor.size) return {};
        if (received > before) {
            attempt = 0;
            asked = false;
        } else {
            ++attempt;
        }
        if (answer && answer->status == 401 && !std::exchange(asked, true)) {
            TRY(answer_challenge(*answer));
            continue;
        }
        if (!served && (!worth_retrying(answer) || attempt == kMaxAttempts)) {
            return answer ? refused(*answer, what) : answer.error();
        }
        if (attempt < kMaxAttempts) back_off(attempt);
    }
    return make_error(ErrorKind::Corrupt,
                      what + ": the registry sends " + std::to_string(received) + " bytes of " +
                          std::to_string(descriptor.size),
                      "the image is damaged where it is stored: push it there again");
}

Result<std::string> RegistryClient::small_blob(const oci::Descriptor& descriptor, size_t limit) {
    if (descriptor.size > limit) {
        return make_error(ErrorKind::InvalidArgument, "the image config is too large");
    }
    std::string bytes;
    TRY(blob(descriptor, [&](std::string_view chunk) -> Status {
        bytes += chunk;
        if (bytes.size() <= descriptor.size) return {};
        return make_error(ErrorKind::Corrupt, "a blob is larger than its descriptor says");
    }));
    if (sha256_hex(bytes) == descriptor.digest.hex()) return bytes;
    return make_error(ErrorKind::Corrupt,
                      "blob digest is not " + descriptor.digest.text(),
                      "the image is damaged where it is stored: push it there again");
}

Status RegistryClient::check_login() {
    const auto answer = TRY(authorized(HttpRequest{.url = base_ + "/v2/"}));
    if (answer.status == 200) return {};
    if (answer.status == 401 || answer.status == 403) {
        return make_error(ErrorKind::Permission,
                          "log in to '" + options_.registry + "': username or password refused",
                          "check both and try again");
    }
    return refused(answer, "log in");
}

}  // namespace dhow::store
