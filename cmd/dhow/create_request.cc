// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/create_request.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "cmd/dhow/parse/environment.h"
#include "cmd/dhow/parse/mounts.h"
#include "cmd/dhow/parse/numbers.h"
#include "cmd/dhow/parse/policies.h"
#include "cmd/dhow/parse/ports.h"
#include "cmd/dhow/registry_access.h"

#include <climits>

#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::cli {

namespace {

using engine::CreateRequest;

constexpr size_t kListFileLimit = 1U << 20U;

Result<std::string> read_list_file(const std::string& path, std::string_view option) {
    Result<std::string> content = read_file_at(AT_FDCWD, path, kListFileLimit);
    if (!content) return Error(std::move(content).error()).context("read --" + std::string(option));
    return content;
}

Result<std::string> current_dir() {
    std::string buffer(PATH_MAX, '\0');
    if (::getcwd(buffer.data(), buffer.size()) == nullptr)
        return system_error("find the current folder");
    buffer.resize(buffer.find('\0'));
    return buffer;
}

// What a host behind a proxy needs to give its containers, unless --http-proxy=false.
void add_proxy_variables(const HostEnvironment& host, std::vector<std::string>& env) {
    for (const std::string& entry : host) {
        const std::string name = to_lower(split_once(entry, '=').first);
        const bool proxy = name == "http_proxy" || name == "https_proxy" || name == "ftp_proxy" ||
                           name == "no_proxy" || name == "all_proxy";
        if (proxy) env.push_back(entry);
    }
}

Status read_environment(const Args& args, CreateRequest& request) {
    const bool proxies = args.flag("http-proxy", true);
    HostEnvironment host;
    if (proxies || args.given("env") || args.given("env-file")) host = own_environment();
    std::vector<std::string> env;
    if (proxies) add_proxy_variables(host, env);
    for (const std::string& path : args.list("env-file")) {
        const std::string content = TRY(read_list_file(path, "env-file"));
        TRY_CONTEXT(add_env_file(content, host, env), "read '" + path + "'");
    }
    for (const std::string& text : args.list("env")) TRY_CONTEXT(add_env(text, host, env), "--env");
    request.env = last_of_each(env);
    return {};
}

Status read_labels(const Args& args, CreateRequest& request) {
    for (const std::string& path : args.list("label-file")) {
        const std::string content = TRY(read_list_file(path, "label-file"));
        TRY_CONTEXT(add_pair_file(content, "label", request.labels), "read '" + path + "'");
    }
    for (const std::string& text : args.list("label"))
        TRY_CONTEXT(add_pair(text, "label", request.labels), "--label");
    for (const std::string& text : args.list("annotation")) {
        TRY_CONTEXT(add_pair(text, "annotation", request.annotations), "--annotation");
    }
    return {};
}

// A JSON list of words, or one word; an empty one takes the image's entrypoint away.
Result<std::vector<std::string>> parse_entrypoint(const std::string& text) {
    if (text.empty()) return std::vector<std::string>();
    if (text.front() != '[') return std::vector<std::string>{text};
    const Result<json::Value> list = json::parse(text, "entrypoint");
    // "[" alone is a program too: test(1) by its other name.
    if (!list || !list->is_array()) return std::vector<std::string>{text};
    std::vector<std::string> words;
    for (const json::Value& word : list->get_array()) {
        if (!word.is_string()) {
            return make_error(
                ErrorKind::InvalidArgument,
                "invalid entrypoint '" + printable(text) + "': it holds more than texts",
                "write it as [\"program\", \"argument\"]");
        }
        words.emplace_back(word.get_string());
    }
    return words;
}

Status read_mounts(const Args& args, CreateRequest& request) {
    if (args.given("volume") || args.given("mount")) {
        const std::string here = TRY(current_dir());
        for (const std::string& text : args.list("volume")) {
            request.mounts.push_back(TRY_CONTEXT(parse_volume(text, here), "--volume"));
        }
        for (const std::string& text : args.list("mount")) {
            request.mounts.push_back(TRY_CONTEXT(parse_mount(text, here), "--mount"));
        }
    }
    for (const std::string& text : args.list("tmpfs"))
        request.mounts.push_back(TRY_CONTEXT(parse_tmpfs(text), "--tmpfs"));
    for (size_t i = 0; i < request.mounts.size(); ++i) {
        for (size_t j = i + 1; j < request.mounts.size(); ++j) {
            if (request.mounts[i].destination != request.mounts[j].destination) continue;
            return make_error(
                ErrorKind::InvalidArgument,
                "mount at '" + printable(request.mounts[i].destination) + "': asked for twice",
                "give each destination to one of --volume, --mount and --tmpfs");
        }
    }
    return {};
}

Status read_network(const Args& args, CreateRequest& request) {
    for (const std::string& text : args.list("publish")) {
        for (engine::PortMapping& port : TRY_CONTEXT(parse_port(text), "--publish"))
            request.ports.push_back(std::move(port));
    }
    request.publish_all = args.flag("publish-all");
    if (!args.given("network")) return {};
    const std::vector<std::string>& names = args.list("network");
    if (names.size() > 1) {
        return make_error(ErrorKind::Unsupported,
                          "join more than one network: '" + printable(join(names, "', '")) + "'",
                          "give --network once");
    }
    Network network = TRY_CONTEXT(parse_network(names[0]), "--network");
    request.network = network.kind;
    request.network_container = std::move(network.container);
    return {};
}

Status read_resources(const Args& args, engine::Resources& resources) {
    if (args.given("memory"))
        resources.memory = TRY_CONTEXT(parse_bytes(args.text("memory")), "--memory");
    if (args.given("memory-swap")) {
        const std::string& text = args.text("memory-swap");
        resources.memory_swap = text == "-1" ? -1 : TRY_CONTEXT(parse_bytes(text), "--memory-swap");
    }
    if (args.given("cpus"))
        resources.nano_cpus = TRY_CONTEXT(parse_nano_cpus(args.text("cpus")), "--cpus");
    resources.pids_limit = args.integer("pids-limit");
    // 0 says "no limit" for each of them; nothing is asked of the cgroup then.
    if (resources.memory == 0) resources.memory.reset();
    if (resources.memory_swap == 0) resources.memory_swap.reset();
    if (resources.nano_cpus == 0) resources.nano_cpus.reset();
    return {};
}

Status read_process(const Args& args, CreateRequest& request) {
    if (args.given("entrypoint"))
        request.entrypoint = TRY_CONTEXT(parse_entrypoint(args.text("entrypoint")), "--entrypoint");
    if (args.given("user")) request.user = TRY_CONTEXT(parse_user(args.text("user")), "--user");
    request.working_dir = args.text("workdir");
    if (!request.working_dir.empty() && request.working_dir.front() != '/') {
        return make_error(
            ErrorKind::InvalidArgument,
            "--workdir: invalid working directory '" + printable(request.working_dir) + "'",
            "give an absolute path");
    }
    request.interactive = args.flag("interactive");
    request.terminal = args.flag("tty");
    request.init = args.flag("init");
    if (args.given("stop-signal")) {
        TRY_CONTEXT(parse_signal(args.text("stop-signal")), "--stop-signal");
        request.stop_signal = args.text("stop-signal");
    }
    const std::optional<int64_t> timeout = args.integer("stop-timeout");
    if (timeout)
        request.stop_timeout_seconds = static_cast<int>(std::min<int64_t>(*timeout, INT_MAX));
    return {};
}

Status read_security(const Args& args, CreateRequest& request) {
    request.privileged = args.flag("privileged");
    request.read_only = args.flag("read-only");
    request.cap_add = args.list("cap-add");
    request.cap_drop = args.list("cap-drop");
    request.security_opt = args.list("security-opt");
    return {};
}

Status read_life(const Args& args, CreateRequest& request) {
    if (args.given("restart"))
        request.restart = TRY_CONTEXT(parse_restart(args.text("restart")), "--restart");
    request.auto_remove = args.flag("rm");
    if (request.auto_remove && request.restart.kind != engine::RestartKind::No) {
        return make_error(ErrorKind::InvalidArgument,
                          "combine --rm with --restart",
                          "leave one of them out: a container is either removed or restarted");
    }
    if (args.given("pull")) request.pull = TRY_CONTEXT(parse_pull(args.text("pull")), "--pull");
    static_cast<engine::RegistryAccess&>(request.pull_options) = registry_access(args);
    request.pull_options.platform = args.text("platform");
    request.pull_options.quiet = args.flag("quiet");
    request.runtime = args.text("runtime");
    request.log_driver = args.text("log-driver");
    request.id_file = args.text("cidfile");
    return {};
}

}  // namespace

Result<CreateRequest> make_create_request(const Args& args) {
    CreateRequest request;
    request.name = args.text("name");
    request.image = args.operands().front();
    request.command.assign(args.operands().begin() + 1, args.operands().end());
    request.hostname = args.text("hostname");
    TRY(read_environment(args, request));
    TRY(read_labels(args, request));
    TRY(read_mounts(args, request));
    TRY(read_network(args, request));
    TRY(read_resources(args, request.resources));
    TRY(read_process(args, request));
    TRY(read_security(args, request));
    TRY(read_life(args, request));
    return request;
}

}  // namespace dhow::cli
