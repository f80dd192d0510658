// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/security/seccomp.h"

#include "base/text.h"
#include "oci/runtime/security/seccomp_compiler.h"
#include "oci/runtime/security/seccomp_rules.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

struct Flag {
    std::string_view name;
    unsigned value = 0;
    unsigned needs = 0;  // the kernel refuses it without
};

constexpr std::string_view kWaitKillable = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV";
constexpr std::array<Flag, 4> kFlags = {{
    // One thread: there is nothing to synchronise.
    {"SECCOMP_FILTER_FLAG_TSYNC", 0, 0},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG, 0},
    {kWaitKillable, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, SECCOMP_FILTER_FLAG_NEW_LISTENER},
}};
constexpr std::string_view kNotify = "SCMP_ACT_NOTIFY";

Error refused(const std::string& message, std::string fix = {}) {
    return make_error(ErrorKind::InvalidArgument, "seccomp: " + message, std::move(fix));
}

long set_filter(unsigned flags, const sock_fprog* program) {
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
}

// Flags are looked at before the program is, and nullptr is none (seccomp(2), EFAULT).
bool kernel_has(const Flag& flag) {
    return set_filter(flag.value | flag.needs, nullptr) < 0 && errno == EFAULT;
}

Result<unsigned> load_flags(const Seccomp& seccomp) {
    // runc and crun start from here too: the mitigation that this flag leaves off slows every
    // program down, and Linux 5.16 leaves it off by itself.
    if (!seccomp.flags) return unsigned{SECCOMP_FILTER_FLAG_SPEC_ALLOW};
    unsigned flags = 0;
    for (const std::string& name : *seccomp.flags) {
        const auto* flag = std::find_if(
            kFlags.begin(), kFlags.end(), [&](const Flag& entry) { return entry.name == name; });
        if (flag == kFlags.end()) return refused("unknown flag '" + printable(name) + "'");
        flags |= flag->value;
    }
    return flags;
}

Status check_listener(const Seccomp& seccomp) {
    if (seccomp.default_action == kNotify) {
        return refused("SCMP_ACT_NOTIFY cannot be used as default action");
    }
    for (const SeccompSyscall& call : seccomp.syscalls) {
        if (call.action != kNotify) continue;
        // The process that loads the filter must still tell that it has: see send_listener().
        if (std::find(call.names.begin(), call.names.end(), "write") != call.names.end()) {
            return refused("SCMP_ACT_NOTIFY cannot be used for the write syscall");
        }
    }
    if (notifies(seccomp)) {
        if (!seccomp.listener_path.empty()) return {};
        return refused("SCMP_ACT_NOTIFY needs a listenerPath");
    }
    const auto flags = seccomp.flags.value_or(std::vector<std::string>());
    if (std::find(flags.begin(), flags.end(), kWaitKillable) == flags.end()) return {};
    return refused("flag '" + std::string(kWaitKillable) + "' needs a rule with SCMP_ACT_NOTIFY");
}

// Why the kernel did not take the filter.
Error load_error(const Seccomp& seccomp, int number) {
    for (const std::string& name : seccomp.flags.value_or(std::vector<std::string>())) {
        for (const Flag& flag : kFlags) {
            if (flag.name == name && !kernel_has(flag)) {
                return make_error(ErrorKind::Unsupported,
                                  "seccomp: this kernel does not have flag '" + name + "'",
                                  "leave it out of linux.seccomp.flags");
            }
        }
    }
    if (number == EBUSY && notifies(seccomp)) {
        return make_error(ErrorKind::Conflict,
                          "seccomp: a filter of this process's parents has a listener already");
    }
    return system_error("load seccomp filter", number);
}

}  // namespace

bool notifies(const Seccomp& seccomp) {
    return std::any_of(seccomp.syscalls.begin(), seccomp.syscalls.end(), [](const auto& call) {
        return call.action == kNotify;
    });
}

Result<std::string> seccomp_program(const Seccomp& seccomp) {
    TRY(load_flags(seccomp));
    TRY(check_listener(seccomp));
    const auto rules = TRY(resolve_seccomp(seccomp));
    const auto program = TRY(compile_seccomp(rules));
    return std::string(reinterpret_cast<const char*>(program.data()),
                       program.size() * sizeof(sock_filter));
}

Result<UniqueFd> load_seccomp(std::string_view program, const Seccomp& seccomp) {
    const bool listener = notifies(seccomp);
    const unsigned flags =
        TRY(load_flags(seccomp)) | (listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0U);
    // The kernel alone looks at the instructions. No copy of them: with a listener, freeing it
    // might need a call that waits for the agent.
    auto* first = const_cast<char*>(program.data());
    const sock_fprog filter{
        .len = static_cast<unsigned short>(program.size() / sizeof(sock_filter)),
        .filter = static_cast<sock_filter*>(static_cast<void*>(first))};
    const long loaded = set_filter(flags, &filter);
    if (loaded < 0) return load_error(seccomp, errno);
    return UniqueFd(listener ? static_cast<int>(loaded) : -1);
}

std::vector<std::string> known_seccomp_flags() {
    std::vector<std::string> names;
    for (const Flag& flag : kFlags) names.emplace_back(flag.name);
    return names;
}

std::vector<std::string> supported_seccomp_flags() {
    std::vector<std::string> names;
    for (const Flag& flag : kFlags) {
        if (kernel_has(flag)) names.emplace_back(flag.name);
    }
    return names;
}

}  // namespace dhow::oci
