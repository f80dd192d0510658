// SPDX-License-Identifier: Apache-2.0
// What this service is: ping, version, info; and the credentials check of `docker login`.
#include "base/clock.h"
#include "cmd/api/call.h"
#include "cmd/api/routes.h"

#include <string>

namespace dhow::api::handlers {

namespace {

std::string dotted(int minor) {
    return "1." + std::to_string(minor);
}

// Go's names, which Docker's clients compare with their own.
std::string go_architecture(const std::string& machine) {
    if (machine == "x86_64") return "amd64";
    if (machine == "aarch64") return "arm64";
    return machine;
}

json::Object component(const std::string& name, const std::string& version) {
    return {{"Name", name}, {"Version", version}, {"Details", json::Object()}};
}

json::Object info_document(const engine::SystemInfo& info) {
    const bool v2 = info.cgroup_version == "v2";
    json::Array security = {"name=seccomp,profile=builtin"};
    if (info.rootless) security.emplace_back("name=rootless");
    json::Object runtimes;
    for (const char* name : {"dhow-runtime", "crun", "runc"}) {
        runtimes[name] = json::Object{{"path", name}};
    }
    return {
        {"ID", info.hostname},
        {"Name", info.hostname},
        {"Containers", info.containers_running + info.containers_paused + info.containers_stopped},
        {"ContainersRunning", info.containers_running},
        {"ContainersPaused", info.containers_paused},
        {"ContainersStopped", info.containers_stopped},
        {"Images", info.images},
        {"Driver", "overlay"},
        {"DriverStatus", json::Array()},
        {"DockerRootDir", info.root},
        {"LoggingDriver", "k8s-file"},
        {"CgroupDriver", info.cgroup_manager},
        {"CgroupVersion", v2 ? "2" : "1"},
        {"KernelVersion", info.kernel},
        {"OperatingSystem", info.operating_system},
        {"OSType", "linux"},
        {"OSVersion", ""},
        {"Architecture", info.architecture},
        {"NCPU", info.cpus},
        {"MemTotal", info.memory_total},
        {"ServerVersion", info.version},
        {"DefaultRuntime", "dhow-runtime"},
        {"Runtimes", runtimes},
        {"SecurityOptions", security},
        {"Plugins",
         {{"Volume", {"local"}},
          {"Network", {"bridge", "host", "none", "pasta"}},
          {"Log", {"k8s-file", "none"}}}},
        {"RegistryConfig", {{"InsecureRegistryCIDRs", {"127.0.0.0/8"}}}},
        {"Swarm", {{"LocalNodeState", "inactive"}}},
        {"IndexServerAddress", "https://index.docker.io/v1/"},
        {"SystemTime", format_rfc3339(now_unix_nanos())},
        {"Warnings", json::to_array(info.warnings)}};
}

Result<void> check_auth(Call& call) {
    const auto body = TRY(read_json_body(call));
    engine::LoginRequest login;
    login.registry = TRY(json::get_string(body, "serveraddress")).value_or("docker.io");
    login.username = TRY(json::get_string(body, "username")).value_or("");
    login.password = TRY(json::get_string(body, "password")).value_or("");
    // The client keeps the credentials; they are only tried here.
    login.keep = false;
    TRY(engine::login(call.engine, login));
    reply_json(call, json::Object{{"Status", "Login Succeeded"}, {"IdentityToken", ""}});
    return {};
}

}  // namespace

void ping(Call& call) {
    reply(call,
          {.status = 200,
           .headers = {{"Content-Type", "text/plain; charset=utf-8"},
                       {"Api-Version", dotted(kNewestMinor)},
                       {"Ostype", "linux"},
                       {"Docker-Experimental", "false"},
                       {"Builder-Version", "1"},
                       {"Swarm", "inactive"},
                       {"Server", "dhow/" DHOW_VERSION " (linux)"},
                       {"Cache-Control", "no-cache, no-store, must-revalidate"},
                       {"Pragma", "no-cache"}},
           .body = "OK"});
}

void version(Call& call) {
    const auto info = engine::system_info(call.engine);
    if (!info) return reply_error(call, info.error());
    json::Object engine = component("Engine", info->version);
    engine["Details"] = json::Object{{"ApiVersion", dotted(kNewestMinor)},
                                     {"MinAPIVersion", dotted(kOldestMinor)},
                                     {"Os", "linux"},
                                     {"Arch", go_architecture(info->architecture)},
                                     {"KernelVersion", info->kernel}};
    reply_json(call,
               json::Object{{"Platform", {{"Name", "dhow"}}},
                            {"Components", json::Array{engine}},
                            {"Version", info->version},
                            {"ApiVersion", dotted(kNewestMinor)},
                            {"MinAPIVersion", dotted(kOldestMinor)},
                            {"GitCommit", ""},
                            {"GoVersion", ""},
                            {"Os", "linux"},
                            {"Arch", go_architecture(info->architecture)},
                            {"KernelVersion", info->kernel},
                            {"BuildTime", ""}});
}

void info(Call& call) {
    const auto info = engine::system_info(call.engine);
    if (!info) return reply_error(call, info.error());
    reply_json(call, info_document(*info));
}

void auth(Call& call) {
    answer_errors(call, check_auth(call));
}

}  // namespace dhow::api::handlers
