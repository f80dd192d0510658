// SPDX-License-Identifier: Apache-2.0
// POST /images/create: `docker pull`, and the pull within `docker run`.
#include "base/base64.h"
#include "base/text.h"
#include "cmd/api/call.h"
#include "cmd/api/image_json.h"
#include "cmd/api/progress.h"
#include "cmd/api/routes.h"

#include <algorithm>

namespace dhow::api::handlers {

namespace {

// "NAME" and "TAG or DIGEST" as the client splits them.
std::string full_name(const Query& query) {
    std::string name = canonical_name(query.get("fromImage"));
    const std::string tag = query.get("tag");
    if (tag.empty()) return name;
    return name + (tag.find(':') == std::string::npos ? ":" : "@") + tag;
}

// Docker takes registries on the loopback as insecure: 127.0.0.0/8 in its `info`.
bool on_loopback(const std::string& name) {
    return name.starts_with("127.") || name.starts_with("localhost:") ||
           name.starts_with("localhost/") || name.starts_with("[::1]");
}

// X-Registry-Auth: base64url of {"username":…,"password":…}.
Result<std::string> credentials(const Request& request) {
    const std::string* header = request.header("X-Registry-Auth");
    if (header == nullptr) return std::string();
    std::string text = *header;
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    while (text.size() % 4 != 0) text += '=';
    const auto bytes = decode_base64(text);
    if (!bytes) return make_error(ErrorKind::InvalidArgument, "X-Registry-Auth is no base64");
    if (trim(*bytes).empty()) return std::string();
    const auto object = TRY(json::parse_object(*bytes, "X-Registry-Auth"));
    const auto user = TRY(json::get_string(object, "username")).value_or("");
    if (user.empty()) return std::string();
    return user + ":" + TRY(json::get_string(object, "password")).value_or("");
}

Result<void> pull(Call& call) {
    if (!call.query.get("fromSrc").empty()) {
        return make_error(ErrorKind::Unsupported, "importing an image is not supported");
    }
    engine::PullRequest request;
    request.image = full_name(call.query);
    request.platform = call.query.get("platform");
    request.credentials = TRY(credentials(call.request));
    if (on_loopback(request.image)) request.tls_verify = false;
    JsonStream stream(call);
    const auto id = engine::pull_image(call.engine, request, stream.sink());
    if (!id) return stream.fail(id.error());
    const auto inspected = TRY(engine::inspect_image(call.engine, *id));
    const auto digest = TRY(json::get_string(inspected, "Digest")).value_or("");
    TRY(stream.write({{"status", "Digest: " + digest}}));
    TRY(stream.write(
        {{"status", "Status: Downloaded newer image for " + familiar_name(request.image)}}));
    return stream.end();
}

}  // namespace

void image_create(Call& call) {
    answer_errors(call, pull(call));
}

}  // namespace dhow::api::handlers
