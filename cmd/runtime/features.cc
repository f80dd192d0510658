// SPDX-License-Identifier: Apache-2.0
// What this runtime can do, for callers that ask before they rely on it (features.md).
#include "base/json.h"
#include "cmd/runtime/verb.h"
#include "oci/runtime/mounts/mount_options.h"
#include "oci/runtime/process/memory_policy.h"
#include "oci/runtime/security/capabilities.h"
#include "oci/runtime/security/seccomp.h"
#include "oci/runtime/security/seccomp_rules.h"
#include "oci/runtime/wasm/engines.h"

namespace dhow::runtime_cli {

static json::Object linux_features() {
    json::Object seccomp;
    seccomp["enabled"] = true;
    seccomp["actions"] = json::to_array(oci::known_seccomp_actions());
    seccomp["operators"] = json::to_array(oci::known_seccomp_operators());
    seccomp["archs"] = json::to_array(oci::known_seccomp_architectures());
    seccomp["knownFlags"] = json::to_array(oci::known_seccomp_flags());
    seccomp["supportedFlags"] = json::to_array(oci::supported_seccomp_flags());
    json::Object features;
    features["namespaces"] =
        json::to_array({"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"});
    features["capabilities"] = json::to_array(oci::all_capability_names());
    features["cgroup"] = json::Object{
        {"v1", true}, {"v2", true}, {"systemd", true}, {"systemdUser", true}, {"rdma", true}};
    features["seccomp"] = seccomp;
    features["apparmor"] = json::Object{{"enabled", true}};
    features["selinux"] = json::Object{{"enabled", true}};
    features["intelRdt"] =
        json::Object{{"enabled", true}, {"schemata", true}, {"monitoring", true}};
    features["mountExtensions"] = json::Object{{"idmap", json::Object{{"enabled", true}}}};
    features["memoryPolicy"] =
        json::Object{{"modes", json::to_array(oci::known_memory_policy_modes())},
                     {"flags", json::to_array(oci::known_memory_policy_flags())}};
    features["netDevices"] = json::Object{{"enabled", true}};
    return features;
}

static Result<int> features(const Context& /*context*/, const Parsed& /*parsed*/) {
    json::Object all;
    all["ociVersionMin"] = "1.0.0";
    all["ociVersionMax"] = "1.3.0";
    all["hooks"] = json::to_array({"prestart",
                                   "createRuntime",
                                   "createContainer",
                                   "startContainer",
                                   "poststart",
                                   "poststop"});
    all["mountOptions"] = json::to_array(oci::known_mount_options());
    all["linux"] = linux_features();
    all["annotations"] = json::Object{{"io.dhow.runtime.version", DHOW_VERSION},
                                      {"io.dhow.runtime.wasm.engines", oci::wasm_engine_names()}};
    // Those that make a difference to how a container is run; "." ends a prefix.
    all["potentiallyUnsafeConfigAnnotations"] =
        json::to_array({"module.wasm.image/variant", "org.systemd.property.", "run.oci.handler"});
    TRY(write_stdout(json::pretty(all) + "\n"));
    return 0;
}

const Verb kFeatures{.name = "features",
                     .arguments = "",
                     .help = "print what this runtime supports",
                     .run = features};

}  // namespace dhow::runtime_cli
