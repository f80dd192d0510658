// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/create_host.h"

#include "base/text.h"

namespace dhow::api {

using engine::CreateRequest;
using engine::NetworkKind;
using engine::RestartKind;

static Error unsupported(const std::string& what, std::string_view value) {
    return make_error(ErrorKind::Unsupported,
                      what + " '" + printable(value) + "' is not supported");
}

static Result<void> read_restart(const json::Object& host, CreateRequest& request) {
    const json::Object* policy = TRY(json::get_object(host, "RestartPolicy"));
    if (policy == nullptr) return {};
    const std::string name = TRY(json::get_string(*policy, "Name")).value_or("");
    const int64_t retries = TRY(json::get_int(*policy, "MaximumRetryCount")).value_or(0);
    if (retries < 0 || retries > INT32_MAX) {
        return make_error(ErrorKind::InvalidArgument, "member 'MaximumRetryCount' is out of range");
    }
    if (name.empty() || name == "no") {
        request.restart.kind = RestartKind::No;
    } else if (name == "always") {
        request.restart.kind = RestartKind::Always;
    } else if (name == "unless-stopped") {
        request.restart.kind = RestartKind::UnlessStopped;
    } else if (name == "on-failure") {
        request.restart = {RestartKind::OnFailure, static_cast<int>(retries)};
    } else {
        return make_error(ErrorKind::InvalidArgument,
                          "unknown restart policy '" + printable(name) + "'",
                          "no, always, on-failure and unless-stopped exist");
    }
    return {};
}

static Result<void> read_network(const json::Object& host, CreateRequest& request) {
    const std::string mode = TRY(json::get_string(host, "NetworkMode")).value_or("");
    if (mode.empty() || mode == "default") {
        request.network = NetworkKind::Default;
    } else if (mode == "none") {
        request.network = NetworkKind::None;
    } else if (mode == "host") {
        request.network = NetworkKind::Host;
    } else if (mode == "bridge") {
        request.network = NetworkKind::Bridge;
    } else if (mode == "pasta") {
        request.network = NetworkKind::Pasta;
    } else if (mode.starts_with("container:") && mode.size() > 10) {
        request.network = NetworkKind::Container;
        request.network_container = mode.substr(10);
    } else {
        return make_error(ErrorKind::NotFound, "network " + printable(mode) + " not found");
    }
    return {};
}

static Result<void> read_log_config(const json::Object& host, CreateRequest& request) {
    const json::Object* log = TRY(json::get_object(host, "LogConfig"));
    if (log == nullptr) return {};
    const std::string type = TRY(json::get_string(*log, "Type")).value_or("");
    // json-file is Docker's word for "keep it and let me read it back", which k8s-file does.
    if (type.empty() || type == "json-file" || type == "local") return {};
    if (type != "none" && type != "k8s-file") return unsupported("log driver", type);
    request.log_driver = type;
    return {};
}

static Result<void> read_privileges(const json::Object& host, CreateRequest& request) {
    request.privileged = TRY(json::get_bool(host, "Privileged")).value_or(false);
    request.read_only = TRY(json::get_bool(host, "ReadonlyRootfs")).value_or(false);
    request.cap_add = TRY(json::get_strings(host, "CapAdd"));
    request.cap_drop = TRY(json::get_strings(host, "CapDrop"));
    for (std::string option : TRY(json::get_strings(host, "SecurityOpt"))) {
        // Docker writes both "seccomp:unconfined" and "seccomp=unconfined".
        const size_t mark = option.find_first_of("=:");
        if (mark != std::string::npos) option[mark] = '=';
        // The docker client reads a seccomp profile itself and sends the document.
        if (option.starts_with("seccomp={")) {
            return make_error(ErrorKind::Unsupported,
                              "a seccomp profile sent as a document is not supported",
                              "use the command line with --security-opt seccomp=FILE");
        }
        request.security_opt.push_back(std::move(option));
    }
    return {};
}

Result<void> read_host_config(const json::Object& host, CreateRequest& request) {
    TRY(refuse_unsupported(host));
    request.auto_remove = TRY(json::get_bool(host, "AutoRemove")).value_or(false);
    request.init = TRY(json::get_bool(host, "Init")).value_or(false);
    request.runtime = TRY(json::get_string(host, "Runtime")).value_or("");
    if (request.runtime == "dhow") request.runtime.clear();
    if (request.runtime.find('/') != std::string::npos) {
        return unsupported("a runtime given as a path", request.runtime);
    }
    request.annotations = TRY(json::get_string_map(host, "Annotations"));
    TRY(read_restart(host, request));
    TRY(read_network(host, request));
    TRY(read_log_config(host, request));
    TRY(read_privileges(host, request));
    TRY(read_mounts(host, request));
    TRY(read_ports(host, request));
    TRY(read_resources(host, request));
    if (request.auto_remove && request.restart.kind != RestartKind::No) {
        return make_error(ErrorKind::InvalidArgument,
                          "can't create 'AutoRemove' container with restart policy");
    }
    return {};
}

}  // namespace dhow::api
