// SPDX-License-Identifier: Apache-2.0
// One request on its way through a handler, and the ways to answer it. Runs in the child of a
// connection. A handler answers exactly once: whole, as a stream, or by hijacking the socket.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "cmd/api/http.h"
#include "cmd/api/query.h"
#include "cmd/api/router.h"
#include "engine/engine.h"

#include <string>
#include <string_view>

namespace dhow::api {

struct Call {
    HttpConnection& http;
    const Request& request;
    const Query& query;
    const Params& params;
    ApiVersion version;
    engine::Engine& engine;

    // A path's "{id}" or "{name...}"; the pattern promises that it is there.
    [[nodiscard]] const std::string& param(const std::string& name) const {
        return params.at(name);
    }
};

void reply(Call& call, const Response& response);
void reply_json(Call& call, const json::Value& value, int status = 200);
void reply_nothing(Call& call, int status = 204);
void reply_error(Call& call, const Error& error);

// The body as an object; {} when there is none.
Result<json::Object> read_json_body(Call& call);

// The socket, after "101 UPGRADED" or, for clients that did not ask for one, "200 OK". What follows
// is raw with a terminal, multiplexed without.
Result<HttpConnection::Hijacked> hijack(Call& call, bool terminal);
// Docker's media type of such a stream for this client.
std::string stream_type(const Call& call, bool terminal);

// For handlers that are a chain of TRYs: an error becomes the answer.
void answer_errors(Call& call, const Result<void>& done);

}  // namespace dhow::api
