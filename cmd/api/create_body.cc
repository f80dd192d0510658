// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/create_body.h"

#include "base/text.h"
#include "cmd/api/create_host.h"

namespace dhow::api {

using engine::CreateRequest;

// A string stands for a list of one: old clients send Cmd and Entrypoint so.
static Result<std::optional<std::vector<std::string>>> words(const json::Object& body,
                                                             std::string_view name) {
    const json::Value* value = body.if_contains(name);
    if (value == nullptr || value->is_null()) return std::optional<std::vector<std::string>>();
    if (value->is_string()) {
        return std::optional(std::vector<std::string>{*TRY(json::get_string(body, name))});
    }
    return std::optional(TRY(json::get_strings(body, name)));
}

static Result<void> read_command(const json::Object& body, CreateRequest& request) {
    auto command = TRY(words(body, "Cmd"));
    request.command = std::move(command).value_or(std::vector<std::string>());
    auto entrypoint = TRY(words(body, "Entrypoint"));
    // The docker client sends [] when it was told nothing and [""] for `--entrypoint ""`.
    if (entrypoint && !entrypoint->empty()) request.entrypoint = std::move(*entrypoint);
    return {};
}

static Result<void> read_process(const json::Object& body, CreateRequest& request) {
    TRY(read_command(body, request));
    // "K" without '=' asks Docker to unset a variable of the image; nothing is taken from our own.
    request.env = TRY(json::get_strings(body, "Env"));
    for (const std::string& entry : request.env) {
        if (entry.find('=') == std::string::npos) {
            return make_error(ErrorKind::Unsupported,
                              "environment '" + printable(entry) + "' has no value",
                              "give it as NAME=VALUE");
        }
    }
    request.user = TRY(json::get_string(body, "User")).value_or("");
    request.working_dir = TRY(json::get_string(body, "WorkingDir")).value_or("");
    request.terminal = TRY(json::get_bool(body, "Tty")).value_or(false);
    request.interactive = TRY(json::get_bool(body, "OpenStdin")).value_or(false);
    request.stop_signal = TRY(json::get_string(body, "StopSignal")).value_or("");
    const auto seconds = TRY(json::get_int(body, "StopTimeout"));
    if (seconds) {
        if (*seconds < -1 || *seconds > INT32_MAX) {
            return make_error(ErrorKind::InvalidArgument, "member 'StopTimeout' is out of range");
        }
        request.stop_timeout_seconds = static_cast<int>(*seconds);
    }
    return {};
}

static Result<void> read_volumes(const json::Object& body, CreateRequest& request) {
    const json::Object* volumes = TRY(json::get_object(body, "Volumes"));
    if (volumes == nullptr) return {};
    for (const auto& member : *volumes) {
        request.mounts.push_back(TRY(parse_bind(member.key())));
    }
    return {};
}

static Result<void> refuse_health_check(const json::Object& body) {
    const json::Object* check = TRY(json::get_object(body, "Healthcheck"));
    if (check == nullptr) return {};
    const auto test = TRY(json::get_strings(*check, "Test"));
    if (test.empty() || test.front() == "NONE") return {};
    return make_error(ErrorKind::Unsupported, "health checks are not supported ('Healthcheck')");
}

Result<CreateRequest> parse_create_body(const json::Object& body, const std::string& name) {
    CreateRequest request;
    request.name = name.starts_with('/') ? name.substr(1) : name;
    request.pull = engine::PullPolicy::Never;
    request.image = TRY(json::get_string(body, "Image")).value_or("");
    if (request.image.empty()) {
        return make_error(ErrorKind::InvalidArgument, "no image is named ('Image')");
    }
    request.hostname = TRY(json::get_string(body, "Hostname")).value_or("");
    const std::string domain = TRY(json::get_string(body, "Domainname")).value_or("");
    if (!domain.empty()) request.hostname += "." + domain;
    request.labels = TRY(json::get_string_map(body, "Labels"));
    TRY(read_process(body, request));
    TRY(read_volumes(body, request));
    TRY(refuse_health_check(body));
    TRY(check_exposed_ports(body));
    const json::Object* host = TRY(json::get_object(body, "HostConfig"));
    if (host != nullptr) TRY(read_host_config(*host, request));
    return request;
}

}  // namespace dhow::api
