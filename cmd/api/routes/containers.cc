// SPDX-License-Identifier: Apache-2.0
// Containers as things: list, create, inspect, top, rename, remove.
#include "cmd/api/call.h"
#include "cmd/api/container_json.h"
#include "cmd/api/create_body.h"
#include "cmd/api/image_json.h"
#include "cmd/api/routes.h"
#include "cmd/api/status.h"

namespace dhow::api::handlers {

namespace {

Result<void> list(Call& call) {
    engine::ListRequest request;
    request.all = call.query.flag("all");
    if (const auto limit = TRY(call.query.number("limit")); limit && *limit > 0) {
        request.last = static_cast<int>(*limit);
    }
    request.filters = TRY(parse_filters(call.query.get("filters")));
    const UnixNanos now = now_unix_nanos();
    json::Array containers;
    for (const auto& container : TRY(engine::list_containers(call.engine, request))) {
        containers.push_back(container_summary(container, now));
    }
    reply_json(call, containers);
    return {};
}

Result<void> create(Call& call) {
    const auto body = TRY(read_json_body(call));
    const auto request = TRY(parse_create_body(body, call.query.get("name")));
    const auto created = engine::create_container(call.engine, request, {});
    if (!created && created.error().kind == ErrorKind::NotFound) {
        // The words a client looks for before it pulls by itself.
        reply(call,
              message_response(404,
                               "No such image: " + familiar_name(canonical_name(request.image))));
        return {};
    }
    if (!created) return created.error();
    reply_json(call,
               json::Object{{"Id", created->id}, {"Warnings", json::to_array(created->warnings)}},
               201);
    return {};
}

Result<void> inspect(Call& call) {
    reply_json(call,
               container_document(TRY(engine::inspect_container(call.engine, call.param("id")))));
    return {};
}

Result<void> top(Call& call) {
    const auto table = TRY(engine::top_container(call.engine, call.param("id")));
    json::Array rows;
    for (const auto& row : table.rows) rows.push_back(json::to_array(row));
    reply_json(call, json::Object{{"Titles", json::to_array(table.titles)}, {"Processes", rows}});
    return {};
}

Result<void> remove(Call& call) {
    engine::RemoveRequest request;
    request.container = call.param("id");
    request.force = call.query.flag("force");
    request.volumes = call.query.flag("v");
    if (request.force) request.timeout_seconds = 0;  // Docker kills
    TRY(engine::remove_container(call.engine, request));
    reply_nothing(call);
    return {};
}

Result<void> rename(Call& call) {
    TRY(engine::rename_container(call.engine, call.param("id"), call.query.get("name")));
    reply_nothing(call);
    return {};
}

}  // namespace

void container_list(Call& call) {
    answer_errors(call, list(call));
}

void container_create(Call& call) {
    answer_errors(call, create(call));
}

void container_inspect(Call& call) {
    answer_errors(call, inspect(call));
}

void container_top(Call& call) {
    answer_errors(call, top(call));
}

void container_rename(Call& call) {
    answer_errors(call, rename(call));
}

void container_remove(Call& call) {
    answer_errors(call, remove(call));
}

}  // namespace dhow::api::handlers
