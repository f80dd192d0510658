// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/validate.h"

#include "base/text.h"
#include "oci/runtime/namespaces/namespaces.h"
#include "oci/runtime/namespaces/net_devices.h"
#include "oci/runtime/namespaces/sysctl.h"
#include "oci/runtime/process/cpu_affinity.h"
#include "oci/runtime/process/memory_policy.h"
#include "oci/runtime/security/labels.h"

#include <algorithm>
#include <utility>

namespace dhow::oci {

static Error invalid(std::string message) {
    return make_error(ErrorKind::InvalidArgument, "config.json: " + std::move(message));
}

static bool has(const Linux& linux_part, NamespaceType type) {
    for (const Namespace& entry : linux_part.namespaces) {
        if (entry.type == type) return true;
    }
    return false;
}

// To setresuid(2) and its like (uid_t)-1 means "as it is": the program would stay root.
static bool keeps_an_id(const User& user) {
    constexpr uint32_t kNoChange = UINT32_MAX;
    const auto& more = user.additional_gids;
    return user.uid == kNoChange || user.gid == kNoChange ||
           std::find(more.begin(), more.end(), kNoChange) != more.end();
}

Status validate_process(const Process& process) {
    if (process.args.empty() || process.args[0].empty()) return invalid("process.args is empty");
    if (!process.cwd.starts_with('/')) return invalid("process.cwd must be an absolute path");
    if (const auto& affinity = process.exec_cpu_affinity) {
        for (const std::string* list : {&affinity->initial, &affinity->final_}) {
            if (!list->empty()) TRY_CONTEXT(parse_cpu_list(*list), "process.execCPUAffinity");
        }
    }
    if (keeps_an_id(process.user)) return invalid("process.user has an id that is none");
    return check_labels(process);
}

static Status validate_version(const std::string& version) {
    if (version.empty()) return invalid("ociVersion is missing");
    if (version == "1" || version.starts_with("1.")) return {};
    return invalid("ociVersion '" + printable(version) + "' is not of the 1.x family");
}

static Status validate_linux(const Linux& linux_part, const RuntimeSpec& spec) {
    const bool own_uts = has(linux_part, NamespaceType::Uts);
    if (!own_uts && (!spec.hostname.empty() || !spec.domainname.empty())) {
        return invalid("hostname and domainname need a uts namespace");
    }
    if (!makes_namespace(linux_part, NamespaceType::User) &&
        !has(linux_part, NamespaceType::User) &&
        (!linux_part.uid_mappings.empty() || !linux_part.gid_mappings.empty())) {
        return invalid("uidMappings and gidMappings need a user namespace");
    }
    if (!linux_part.time_offsets.empty() && !makes_namespace(linux_part, NamespaceType::Time)) {
        return invalid("timeOffsets need a time namespace");
    }
    TRY(check_net_devices(linux_part));
    if (linux_part.memory_policy) TRY(resolve_memory_policy(*linux_part.memory_policy));
    const bool own_ipc = has(linux_part, NamespaceType::Ipc);
    const bool own_network = has(linux_part, NamespaceType::Network);
    for (const auto& [key, value] : linux_part.sysctl) {
        TRY(check_sysctl(key, own_ipc, own_network, own_uts));
        if (value.find('\n') != std::string::npos) {
            return invalid("sysctl '" + printable(key) + "' has more than one line");
        }
    }
    for (const auto* list : {&linux_part.masked_paths, &linux_part.readonly_paths}) {
        for (const std::string& path : *list) {
            if (!path.starts_with('/')) {
                return invalid("path '" + printable(path) + "' is not absolute");
            }
        }
    }
    return {};
}

// config.md, "POSIX-platform Hooks".
static Status validate_hooks(const Hooks& hooks) {
    using Phase = std::pair<const char*, const std::vector<Hook>&>;
    for (const auto& [name, list] : {Phase{"prestart", hooks.prestart},
                                     Phase{"createRuntime", hooks.create_runtime},
                                     Phase{"createContainer", hooks.create_container},
                                     Phase{"startContainer", hooks.start_container},
                                     Phase{"poststart", hooks.poststart},
                                     Phase{"poststop", hooks.poststop}}) {
        for (size_t i = 0; i < list.size(); ++i) {
            if (list[i].timeout.value_or(1) > 0) continue;
            return invalid("hooks." + std::string(name) + "[" + std::to_string(i) +
                           "].timeout must be greater than zero");
        }
    }
    return {};
}

Status validate(const RuntimeSpec& spec, const LaunchOptions& options) {
    TRY(validate_version(spec.oci_version));
    if (!spec.root || spec.root->path.empty()) return invalid("root.path is missing");
    if (!spec.process) return invalid("process is missing");
    if (!spec.linux_) return invalid("linux is missing");
    if (!options.no_program) TRY(validate_process(*spec.process));
    TRY(validate_linux(*spec.linux_, spec));
    if (spec.hooks) TRY(validate_hooks(*spec.hooks));
    const bool has_socket = !options.console_socket.empty();
    if (spec.process->terminal && options.detach && !has_socket) {
        return make_error(
            ErrorKind::InvalidArgument,
            "cannot allocate tty if runtime will detach without setting console socket",
            "use --console-socket");
    }
    if (!spec.process->terminal && has_socket) {
        return make_error(ErrorKind::InvalidArgument,
                          "cannot use console socket if runtime will not allocate tty");
    }
    return {};
}

}  // namespace dhow::oci
