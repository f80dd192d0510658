// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/progress.h"

#include "cmd/api/status.h"

namespace dhow::api {

Status JsonStream::write(const json::Object& line) {
    if (!begun_) TRY(call_.http.begin_stream(200, {{"Content-Type", "application/json"}}));
    begun_ = true;
    return call_.http.write_stream(json::compact(line) + "\r\n");
}

Status JsonStream::end() {
    if (!begun_) TRY(call_.http.begin_stream(200, {{"Content-Type", "application/json"}}));
    begun_ = true;
    return call_.http.end_stream();
}

Status JsonStream::fail(const Error& error) {
    if (!begun_) return error;
    const std::string text = error_text(error);
    TRY(write({{"errorDetail", {{"message", text}}}, {"error", text}}));
    return end();
}

engine::ProgressSink JsonStream::sink() {
    return [this](const engine::ProgressEvent& event) { show(event); };
}

void JsonStream::show(const engine::ProgressEvent& event) {
    using Kind = engine::ProgressEvent::Kind;
    constexpr size_t kShort = 12;
    const size_t hex = event.digest.find(':') + 1;
    const std::string id = event.digest.substr(hex, kShort);
    json::Object line;
    switch (event.kind) {
        case Kind::Message:
        case Kind::ManifestDone:
        case Kind::ConfigDone:
            return;
        case Kind::BlobStarted:
            line = {{"status", "Pulling fs layer"}, {"progressDetail", json::Object()}, {"id", id}};
            break;
        case Kind::BlobProgress:
            line = {{"status", "Downloading"},
                    {"progressDetail", {{"current", event.current}, {"total", event.total}}},
                    {"id", id}};
            break;
        case Kind::BlobDone:
            line = {{"status", "Pull complete"}, {"progressDetail", json::Object()}, {"id", id}};
            break;
        case Kind::BlobExists:
            line = {{"status", "Already exists"}, {"progressDetail", json::Object()}, {"id", id}};
            break;
    }
    ignore(write(line), "a client that left still gets its image");
}

}  // namespace dhow::api
