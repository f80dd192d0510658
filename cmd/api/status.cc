// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/status.h"

#include "base/json.h"
#include "base/text.h"

namespace dhow::api {

int http_status(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::InvalidArgument:
        case ErrorKind::CannotInvoke:
        case ErrorKind::CommandNotFound:
            return 400;
        case ErrorKind::Permission:
            return 403;
        case ErrorKind::NotFound:
            return 404;
        case ErrorKind::AlreadyExists:
        case ErrorKind::Conflict:
            return 409;
        case ErrorKind::Unsupported:
            return 501;
        case ErrorKind::Unavailable:
            return 503;
        case ErrorKind::Timeout:
            return 504;
        case ErrorKind::NoSpace:
            return 507;
        case ErrorKind::Corrupt:
        case ErrorKind::System:
        case ErrorKind::Internal:
            return 500;
    }
    return 500;
}

std::string error_text(const Error& error) {
    std::string text = error.message;
    const auto lacks = [&](std::string_view words) {
        return to_lower(text).find(words) == std::string::npos;
    };
    if (error.kind == ErrorKind::CommandNotFound && lacks("executable file not found") &&
        lacks("no such file or directory")) {
        text += ": executable file not found in $PATH";
    }
    if (error.kind == ErrorKind::CannotInvoke && lacks("permission denied") &&
        lacks("is a directory")) {
        text += ": permission denied";
    }
    if (!error.fix.empty()) text += " (" + error.fix + ")";
    return text;
}

Response json_response(int status, std::string body) {
    return {.status = status,
            .headers = {{"Content-Type", "application/json"}},
            .body = std::move(body) + "\n"};
}

Response message_response(int status, const std::string& message) {
    return json_response(status, json::compact(json::Object{{"message", message}}));
}

Response error_response(const Error& error) {
    return message_response(http_status(error.kind), error_text(error));
}

}  // namespace dhow::api
