// SPDX-License-Identifier: Apache-2.0
// Errors as Docker's clients read them: one HTTP status for each ErrorKind, one JSON body. Pure.
#pragma once

#include "base/result.h"
#include "cmd/api/http.h"

#include <string>

namespace dhow::api {

int http_status(ErrorKind kind);
// The message with its fix. A command that could not be run is worded as the docker client expects,
// which derives its exit codes 126 and 127 from the words.
std::string error_text(const Error& error);
Response error_response(const Error& error);
Response message_response(int status, const std::string& message);
Response json_response(int status, std::string body);

}  // namespace dhow::api
