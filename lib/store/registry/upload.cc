// SPDX-License-Identifier: Apache-2.0
// The pushing half of RegistryClient (distribution-spec 1.1, "Push").
#include "base/text.h"
#include "store/registry/client.h"

namespace dhow::store {

Result<bool> RegistryClient::has_blob(const oci::Digest& digest) {
    HttpRequest wanted = request("/blobs/" + digest.text());
    wanted.method = HttpMethod::Head;
    const auto answer = TRY(authorized(wanted));
    if (answer.status == 200) return true;
    if (answer.status == 404) return false;
    return refused(answer, "look up blob " + digest.text().substr(0, 19));
}

// Where to go on: absolute, or below the registry's root; maybe another host's, which then gets no
// proof of who we are (authorize()).
Result<std::string> RegistryClient::location_of(const HttpResponse& response) const {
    const auto found = response.headers.find("location");
    const std::string location = found == response.headers.end() ? "" : found->second;
    if (location.starts_with('/') && !location.starts_with("//")) return base_ + location;
    const bool downgrade = base_.starts_with("https://") && !location.starts_with("https://");
    if (!downgrade && location.find("://") != std::string::npos) return location;
    return make_error(
        ErrorKind::Corrupt,
        "registry '" + options_.registry + "' sends an upload to '" + printable(location) + "'");
}

Result<std::string> RegistryClient::begin_upload(const std::string& query) {
    HttpRequest wanted = request("/blobs/uploads/" + query);
    wanted.method = HttpMethod::Post;
    const auto answer = TRY(authorized(wanted));
    if (answer.status == 201) return std::string();
    if (answer.status != 202) return refused(answer, "push a blob");
    return location_of(answer);
}

Result<bool> RegistryClient::mount_blob(const oci::Digest& digest, const std::string& from) {
    const auto location = begin_upload("?mount=" + digest.text() + "&from=" + from);
    // A refusal to read there is none to write here; a location is an upload that nobody goes on
    // with, and the registry forgets.
    if (!location && location.error().kind == ErrorKind::Unavailable) return location.error();
    return location && location->empty();
}

Status RegistryClient::finish_upload(const std::string& location, const oci::Digest& digest) {
    const char* separator = location.find('?') == std::string::npos ? "?" : "&";
    HttpRequest last{.url = location + separator + "digest=" + digest.text()};
    last.method = HttpMethod::Put;
    last.headers.emplace_back("Content-Type: application/octet-stream");
    const auto answer = TRY(authorized(last));
    if (answer.status == 201 || answer.status == 204) return {};
    return refused(answer, "push blob " + digest.text().substr(0, 19));
}

Status RegistryClient::upload_blob(const BodySource& source,
                                   const std::function<oci::Digest()>& digest) {
    const auto location = TRY(begin_upload(""));
    HttpRequest patch{.url = location};
    patch.method = HttpMethod::Patch;
    patch.headers.emplace_back("Content-Type: application/octet-stream");
    patch.body_source = source;
    authorize(patch);
    const auto answer = TRY(transport_.send(patch));
    if (answer.status != 202 && answer.status != 204) return refused(answer, "push a blob");
    const auto next = TRY(location_of(answer));
    return finish_upload(next, digest());
}

Status RegistryClient::upload_small_blob(std::string_view bytes, const oci::Digest& digest) {
    const auto location = TRY(begin_upload(""));
    const char* separator = location.find('?') == std::string::npos ? "?" : "&";
    HttpRequest whole{.url = location + separator + "digest=" + digest.text()};
    whole.method = HttpMethod::Put;
    whole.headers.emplace_back("Content-Type: application/octet-stream");
    whole.body = bytes;
    const auto answer = TRY(authorized(whole));
    if (answer.status == 201 || answer.status == 204) return {};
    return refused(answer, "push blob " + digest.text().substr(0, 19));
}

Status RegistryClient::put_manifest(const std::string& reference,
                                    std::string_view media_type,
                                    const std::string& bytes) {
    HttpRequest wanted = request("/manifests/" + reference);
    wanted.method = HttpMethod::Put;
    wanted.headers.push_back("Content-Type: " + std::string(media_type));
    wanted.body = bytes;
    const auto answer = TRY(authorized(wanted));
    if (answer.status == 201) return {};
    return refused(answer, "push manifest '" + reference + "'");
}

}  // namespace dhow::store
