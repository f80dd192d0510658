// SPDX-License-Identifier: Apache-2.0
// dhow info: YAML for people, JSON or a template for programs.
#include "cmd/dhow/architecture.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/list_format.h"
#include "cmd/dhow/output.h"

namespace dhow::cli::verbs {

namespace {

constexpr int kJsonIndent = 2;

json::Object host_of(const engine::SystemInfo& info) {
    json::Object host;
    host["arch"] = go_architecture(info.architecture);
    host["cgroupControllers"] = json::to_array(info.cgroup_controllers);
    host["cgroupManager"] = info.cgroup_manager;
    host["cgroupVersion"] = info.cgroup_version;
    host["cpus"] = info.cpus;
    host["distribution"] = info.operating_system;
    host["hostname"] = info.hostname;
    host["kernel"] = info.kernel;
    host["memTotal"] = info.memory_total;
    host["ociRuntime"] = json::Object{{"name", info.runtime}};
    host["os"] = "linux";
    host["security"] = json::Object{{"rootless", info.rootless}};
    return host;
}

json::Object store_of(const engine::SystemInfo& info) {
    json::Object containers;
    containers["number"] =
        info.containers_running + info.containers_paused + info.containers_stopped;
    containers["paused"] = info.containers_paused;
    containers["running"] = info.containers_running;
    containers["stopped"] = info.containers_stopped;
    json::Object store;
    store["containerStore"] = std::move(containers);
    store["graphDriverName"] = "overlay";
    store["graphRoot"] = info.root;
    store["imageStore"] = json::Object{{"number", info.images}};
    store["runRoot"] = info.run_root;
    return store;
}

json::Object document_of(const engine::SystemInfo& info) {
    json::Object document;
    document["host"] = host_of(info);
    document["store"] = store_of(info);
    document["version"] = json::Object{{"Version", info.version},
                                       {"OsArch", "linux/" + go_architecture(info.architecture)}};
    if (!info.warnings.empty()) document["warnings"] = json::to_array(info.warnings);
    return document;
}

}  // namespace

Result<int> info(Invocation& call) {
    const std::string& format = call.args().text("format");
    engine::Engine* const engine = TRY(call.engine());
    const json::Object document = document_of(TRY(engine::system_info(*engine)));
    if (format.empty()) {
        TRY(print(to_yaml(document)));
    } else if (is_json_format(format)) {
        TRY(print_line(json::pretty(document, kJsonIndent)));
    } else {
        const std::string formatted = TRY(format_document(document, format, "info"));
        TRY(print(formatted));
    }
    return 0;
}

}  // namespace dhow::cli::verbs
