// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/security/capabilities.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

static constexpr std::array<std::string_view, 41> kNames = {"CAP_CHOWN",
                                                            "CAP_DAC_OVERRIDE",
                                                            "CAP_DAC_READ_SEARCH",
                                                            "CAP_FOWNER",
                                                            "CAP_FSETID",
                                                            "CAP_KILL",
                                                            "CAP_SETGID",
                                                            "CAP_SETUID",
                                                            "CAP_SETPCAP",
                                                            "CAP_LINUX_IMMUTABLE",
                                                            "CAP_NET_BIND_SERVICE",
                                                            "CAP_NET_BROADCAST",
                                                            "CAP_NET_ADMIN",
                                                            "CAP_NET_RAW",
                                                            "CAP_IPC_LOCK",
                                                            "CAP_IPC_OWNER",
                                                            "CAP_SYS_MODULE",
                                                            "CAP_SYS_RAWIO",
                                                            "CAP_SYS_CHROOT",
                                                            "CAP_SYS_PTRACE",
                                                            "CAP_SYS_PACCT",
                                                            "CAP_SYS_ADMIN",
                                                            "CAP_SYS_BOOT",
                                                            "CAP_SYS_NICE",
                                                            "CAP_SYS_RESOURCE",
                                                            "CAP_SYS_TIME",
                                                            "CAP_SYS_TTY_CONFIG",
                                                            "CAP_MKNOD",
                                                            "CAP_LEASE",
                                                            "CAP_AUDIT_WRITE",
                                                            "CAP_AUDIT_CONTROL",
                                                            "CAP_SETFCAP",
                                                            "CAP_MAC_OVERRIDE",
                                                            "CAP_MAC_ADMIN",
                                                            "CAP_SYSLOG",
                                                            "CAP_WAKE_ALARM",
                                                            "CAP_BLOCK_SUSPEND",
                                                            "CAP_AUDIT_READ",
                                                            "CAP_PERFMON",
                                                            "CAP_BPF",
                                                            "CAP_CHECKPOINT_RESTORE"};

static bool kernel_knows(int number) {
    return ::prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0;
}

std::optional<int> capability_number(std::string_view name) {
    for (size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) return static_cast<int>(i);
    }
    return std::nullopt;
}

std::vector<std::string> all_capability_names() {
    return {kNames.begin(), kNames.end()};
}

static uint64_t resolve(const std::vector<std::string>& names) {
    uint64_t set = 0;
    for (const std::string& name : names) {
        const auto number = capability_number(name);
        if (number) set |= uint64_t{1} << *number;
    }
    return set;
}

std::vector<std::string> unknown_capabilities(const Capabilities& capabilities) {
    std::vector<std::string> unknown;
    for (const auto* names : {&capabilities.bounding,
                              &capabilities.effective,
                              &capabilities.inheritable,
                              &capabilities.permitted,
                              &capabilities.ambient}) {
        for (const std::string& name : *names) {
            const bool seen = std::find(unknown.begin(), unknown.end(), name) != unknown.end();
            if (!seen && !capability_number(name)) unknown.push_back(name);
        }
    }
    return unknown;
}

CapabilitySets resolve_capabilities(const Capabilities& capabilities) {
    CapabilitySets sets;
    sets.bounding = resolve(capabilities.bounding);
    sets.effective = resolve(capabilities.effective);
    sets.inheritable = resolve(capabilities.inheritable);
    sets.permitted = resolve(capabilities.permitted);
    sets.ambient = resolve(capabilities.ambient);
    // The newest are the ones an old kernel lacks.
    uint64_t known = ~uint64_t{0};
    for (int number = CAP_LAST_CAP; number > CAP_AUDIT_READ && !kernel_knows(number); --number) {
        known &= ~(uint64_t{1} << number);
    }
    sets.effective &= known;
    sets.inheritable &= known;
    sets.permitted &= known;
    sets.ambient &= known;
    return sets;
}

std::vector<std::string> lost_ambient(const Capabilities& capabilities) {
    const auto holds = [](const std::vector<std::string>& set, const std::string& name) {
        return std::find(set.begin(), set.end(), name) != set.end();
    };
    std::vector<std::string> lost;
    for (const std::string& name : capabilities.ambient) {
        const bool can =
            holds(capabilities.permitted, name) && holds(capabilities.inheritable, name);
        if (!can) lost.push_back(name);
    }
    return lost;
}

Status drop_bounding(const CapabilitySets& sets) {
    for (int number = 0; number < 64; ++number) {
        if ((sets.bounding & (uint64_t{1} << number)) != 0) continue;
        if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
        if (errno == EINVAL) return {};  // beyond the kernel's last
        return system_error("drop capability " + std::to_string(number));
    }
    return {};
}

Status set_capabilities(const CapabilitySets& sets) {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, 2> data{};
    for (size_t half = 0; half < data.size(); ++half) {
        const auto part = [half](uint64_t set) {
            return static_cast<uint32_t>(set >> (32 * half));
        };
        data[half].effective = part(sets.effective);
        data[half].permitted = part(sets.permitted);
        data[half].inheritable = part(sets.inheritable);
    }
    if (::syscall(SYS_capset, &header, data.data()) != 0) return system_error("set capabilities");
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int number = 0; number < 64; ++number) {
        if ((sets.ambient & (uint64_t{1} << number)) == 0) continue;
        // One that is not permitted and inheritable too cannot be ambient; runc leaves it out.
        if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) == 0) continue;
        if (errno != EPERM && errno != EINVAL) return system_error("raise ambient capability");
    }
    return {};
}

}  // namespace dhow::oci
