// SPDX-License-Identifier: Apache-2.0
#include "engine/capability_names.h"

#include "base/text.h"

#include <algorithm>
#include <set>

#include <sys/prctl.h>

namespace dhow::engine {

namespace {

// capabilities(7), in numerical order.
constexpr std::string_view kNames[] = {
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
};

// Podman's defaults: Docker's fourteen without NET_RAW, MKNOD and AUDIT_WRITE.
constexpr std::string_view kDefaults[] = {
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "SETFCAP",
    "SYS_CHROOT",
};

std::string full(std::string_view name) {
    return "CAP_" + std::string(name);
}

// A machine, or a container that dhow itself is in, may have fewer than the kernel knows: those
// that are not in the caller's bounding set nobody below it can have.
std::set<std::string> all_there_are() {
    std::set<std::string> names;
    for (size_t i = 0; i < std::size(kNames); ++i) {
        if (::prctl(PR_CAPBSET_READ, i, 0UL, 0UL, 0UL) == 1) names.insert(full(kNames[i]));
    }
    return names;
}

Result<std::set<std::string>> normalized(const std::vector<std::string>& names) {
    std::set<std::string> set;
    for (const std::string& name : names) set.insert(TRY(normalize_capability(name)));
    return set;
}

}  // namespace

Result<std::string> normalize_capability(std::string_view name) {
    std::string upper(name);
    for (char& c : upper) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    if (upper == "ALL") return upper;
    if (upper.starts_with("CAP_")) upper.erase(0, 4);
    if (std::find(std::begin(kNames), std::end(kNames), upper) != std::end(kNames)) {
        return full(upper);
    }
    return make_error(ErrorKind::InvalidArgument,
                      "unknown capability '" + printable(name) + "'",
                      "see capabilities(7) for the names");
}

Result<std::vector<std::string>> resolve_capabilities(const std::vector<std::string>& add,
                                                      const std::vector<std::string>& drop,
                                                      bool privileged) {
    const auto added = TRY(normalized(add));
    const auto dropped = TRY(normalized(drop));
    std::set<std::string> set;
    if (privileged || added.contains("ALL")) {
        set = all_there_are();
    } else if (!dropped.contains("ALL")) {
        for (const std::string_view name : kDefaults) set.insert(full(name));
    }
    for (const std::string& name : dropped) set.erase(name);
    if (dropped.contains("ALL") && !added.contains("ALL")) set.clear();
    set.insert(added.begin(), added.end());
    std::vector<std::string> ordered;
    for (const std::string_view name : kNames) {
        if (set.contains(full(name))) ordered.push_back(full(name));
    }
    return ordered;
}

}  // namespace dhow::engine
