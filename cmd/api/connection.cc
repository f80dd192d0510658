// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/connection.h"

#include "base/text.h"
#include "cmd/api/call.h"
#include "cmd/api/guard.h"
#include "cmd/api/routes.h"
#include "cmd/api/status.h"

namespace dhow::api {

namespace {

Response refusal(const RouteMatch& match, const Request& request) {
    switch (match.outcome) {
        case RouteMatch::Outcome::BadVersion:
            return message_response(400, match.detail);
        case RouteMatch::Outcome::UnknownMethod:
            return message_response(405, "method not allowed for " + printable(request.path));
        default:
            return message_response(404, "page not found: " + printable(request.path));
    }
}

void dispatch(HttpConnection& http,
              const Request& request,
              const RouteMatch& match,
              engine::Engine& engine) {
    const auto query = Query::parse(request.query);
    if (!query) {
        ignore(http.respond(error_response(query.error())), "the peer may be gone");
        return;
    }
    Call call{.http = http,
              .request = request,
              .query = *query,
              .params = match.params,
              .version = match.version,
              .engine = engine};
    match.route->handler(call);
}

void answer(HttpConnection& http, const Request& request, Result<engine::Engine>& engine) {
    if (const auto foreign = find_foreign_origin(request)) {
        ignore(http.respond(message_response(foreign->status, foreign->reason)), "it is refused");
        http.close_after();
        return;
    }
    const RouteMatch match = find_route(routes(), request.method, request.path);
    if (match.outcome != RouteMatch::Outcome::Found) {
        ignore(http.respond(refusal(match, request), request.method == "HEAD"), "it is refused");
        return;
    }
    if (!engine) {
        ignore(http.respond(error_response(engine.error())), "the peer may be gone");
        return;
    }
    dispatch(http, request, match, *engine);
}

}  // namespace

void serve_connection(UniqueFd socket, const engine::EngineOptions& options) {
    HttpConnection http(std::move(socket), HttpLimits{});
    // One for the whole connection: once it has joined the user's namespaces it cannot be opened
    // again, for then this process is root.
    auto engine = engine::Engine::open(options);
    do {
        const auto request = http.read_request();
        if (!request) {
            const BadRequest& bad = http.bad_request();
            ignore(http.respond(message_response(bad.status, bad.reason)), "the peer may be gone");
            return;
        }
        if (!*request) return;
        answer(http, **request, engine);
    } while (http.reusable() && http.discard_body());
}

}  // namespace dhow::api
