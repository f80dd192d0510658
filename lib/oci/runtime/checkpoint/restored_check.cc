// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/checkpoint/restored_check.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/namespaces/namespaces.h"
#include "oci/runtime/security/capabilities.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace dhow::oci {

static Error beyond(const std::string& what) {
    return make_error(ErrorKind::Permission,
                      "the checkpoint has a process " + what + " that config.json does not allow",
                      "restore checkpoints of the same container alone");
}

// "CapBnd:\t00000000a80425fb" -> "00000000a80425fb"
static std::string_view status_value(std::string_view status, std::string_view name) {
    for (size_t at = 0; at < status.size();) {
        const size_t end = std::min(status.find('\n', at), status.size());
        const std::string_view line = status.substr(at, end - at);
        if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':') {
            return trim(line.substr(name.size() + 1));
        }
        at = end + 1;
    }
    return {};
}

static Status check_capabilities(std::string_view status, const Process& process) {
    if (!process.capabilities) return {};
    const auto allowed = resolve_capabilities(*process.capabilities);
    const uint64_t most = allowed.bounding | allowed.permitted;
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
        const auto has = parse_int<uint64_t>(status_value(status, set), 16);
        if (!has || (*has & ~most) != 0) return beyond("with capabilities");
    }
    return {};
}

Status check_restored_status(std::string_view status, const RuntimeSpec& spec) {
    TRY(check_capabilities(status, *spec.process));
    if (spec.process->no_new_privileges && status_value(status, "NoNewPrivs") != "1") {
        return beyond("without no_new_privileges");
    }
    if (spec.linux_->seccomp && status_value(status, "Seccomp") != "2") {
        return beyond("without a seccomp filter");
    }
    return {};
}

static Result<ino_t> namespace_of(const std::string& process, NamespaceType type) {
    struct stat st {};

    const std::string path = process + "/ns/" + namespace_proc_name(type);
    if (::stat(path.c_str(), &st) != 0) return system_error("inspect '" + path + "'");
    return st.st_ino;
}

// A new one differs from the host's, a joined one is the one that was given.
static Status check_namespaces(const std::string& process, const RuntimeSpec& spec) {
    for (const Namespace& entry : spec.linux_->namespaces) {
        const ino_t has = TRY(namespace_of(process, entry.type));

        struct stat given {};

        if (!entry.path.empty() && ::stat(entry.path.c_str(), &given) != 0) {
            return system_error("open namespace '" + printable(entry.path) + "'");
        }
        const ino_t host = TRY(namespace_of("/proc/self", entry.type));
        const bool fits = entry.path.empty() ? has != host : has == given.st_ino;
        if (!fits) return beyond("in a " + std::string(namespace_name(entry.type)) + " namespace");
    }
    return {};
}

Status check_restored(const ContainerState& state, const RuntimeSpec& spec, pid_t criu) {
    std::vector<pid_t> pids = {state.init.pid};
    if (const auto all = cgroup_pids(state.cgroup)) pids = *all;
    for (const pid_t pid : pids) {
        if (pid == criu) continue;
        const std::string process = "/proc/" + std::to_string(pid);
        const auto status = TRY(read_file_at(AT_FDCWD, process + "/status"));
        TRY(check_restored_status(status, spec));
        TRY(check_namespaces(process, spec));
    }
    return {};
}

}  // namespace dhow::oci
