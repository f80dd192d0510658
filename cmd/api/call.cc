// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/call.h"

#include "cmd/api/status.h"

namespace dhow::api {

static constexpr size_t kMaxJsonBody = 4U << 20U;  // bytes

void reply(Call& call, const Response& response) {
    const bool head_only = call.request.method == "HEAD";
    if (!call.http.respond(response, head_only)) call.http.close_after();
}

void reply_json(Call& call, const json::Value& value, int status) {
    reply(call, json_response(status, json::compact(value)));
}

void reply_nothing(Call& call, int status) {
    reply(call, {.status = status, .headers = {}, .body = {}});
}

void reply_error(Call& call, const Error& error) {
    reply(call, error_response(error));
}

Result<json::Object> read_json_body(Call& call) {
    const auto text = TRY(call.http.read_whole_body(kMaxJsonBody));
    if (text.empty()) return json::Object();
    return json::parse_object(text, "request body");
}

std::string stream_type(const Call& call, bool terminal) {
    constexpr int kTypedStreams = 42;  // the first API version that names the two kinds
    const bool multiplexed = !terminal && call.version.minor >= kTypedStreams;
    return multiplexed ? "application/vnd.docker.multiplexed-stream"
                       : "application/vnd.docker.raw-stream";
}

Result<HttpConnection::Hijacked> hijack(Call& call, bool terminal) {
    HeaderList headers = {{"Content-Type", stream_type(call, terminal)}};
    if (call.request.upgrade) {
        headers.emplace_back("Connection", "Upgrade");
        headers.emplace_back("Upgrade", "tcp");
        return call.http.hijack(format_head(101, headers));
    }
    return call.http.hijack(format_head(200, headers));
}

void answer_errors(Call& call, const Result<void>& done) {
    if (done) return;
    if (call.http.responded()) {
        call.http.close_after();
    } else {
        reply_error(call, done.error());
    }
}

}  // namespace dhow::api
