// SPDX-License-Identifier: Apache-2.0
#include "tests/support/seccomp_oracle.h"

#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include <linux/audit.h>

namespace dhow::test {

static constexpr uint32_t kNumbers = 1024;

static std::vector<std::string> read_table(uint32_t arch) {
    // From linux/arch/*/entry/syscalls, for an older library.
    static const std::array<const char*, 20> from_451 = {
        "cachestat",         "fchmodat2",         "map_shadow_stack", "futex_wake",
        "futex_wait",        "futex_requeue",     "statmount",        "listmount",
        "lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules", "mseal",
        "setxattrat",        "getxattrat",        "listxattrat",      "removexattrat",
        "open_tree_attr",    "file_getattr",      "file_setattr",     "listns"};
    std::vector<std::string> table(kNumbers);
    const uint32_t base = arch == SCMP_ARCH_X32 ? kX32Bit : 0;
    for (uint32_t number = 0; number < kNumbers; ++number) {
        char* name = ::seccomp_syscall_resolve_num_arch(arch, static_cast<int>(base + number));
        if (name != nullptr) table[number] = name;
        ::free(name);
        const bool shadow_stack_of_x32 = base != 0 && number == 453;  // there is none
        if (table[number].empty() && number >= 451 && number < 471 && !shadow_stack_of_x32) {
            table[number] = from_451.at(number - 451);
        }
    }
    return table;
}

static bool refuses(uint32_t verdict) {
    const uint32_t kind = verdict & SECCOMP_RET_ACTION_FULL;
    return kind != SECCOMP_RET_ALLOW && kind != SECCOMP_RET_LOG && kind != SECCOMP_RET_TRACE;
}

static bool names(const oci::SeccompSyscall& rule, const std::string& name) {
    return !name.empty() &&
           std::find(rule.names.begin(), rule.names.end(), name) != rule.names.end();
}

static bool holds(const oci::SeccompArg& arg, uint64_t given) {
    if (arg.op == "SCMP_CMP_NE") return given != arg.value;
    if (arg.op == "SCMP_CMP_LT") return given < arg.value;
    if (arg.op == "SCMP_CMP_LE") return given <= arg.value;
    if (arg.op == "SCMP_CMP_EQ") return given == arg.value;
    if (arg.op == "SCMP_CMP_GE") return given >= arg.value;
    if (arg.op == "SCMP_CMP_GT") return given > arg.value;
    return (given & arg.value) == arg.value_two;
}

// Rules that name one argument twice need one of their conditions, others all.
static bool holds(const oci::SeccompSyscall& rule, const seccomp_data& data) {
    std::set<uint32_t> indexes;
    size_t held = 0;
    for (const auto& arg : rule.args) {
        indexes.insert(arg.index);
        held += holds(arg, data.args[arg.index]) ? 1U : 0U;
    }
    const bool any = indexes.size() != rule.args.size();
    return any ? held != 0 : held == rule.args.size();
}

// What is behind i386's socketcall(2) and ipc(2): the numbers of linux/net.h and linux/ipc.h.
static std::string room(const std::string& door, uint64_t subcall) {
    static const std::map<uint32_t, std::string> sockets = {
        {1, "socket"},    {2, "bind"},        {3, "connect"},     {4, "listen"},
        {5, "accept"},    {6, "getsockname"}, {7, "getpeername"}, {8, "socketpair"},
        {9, "send"},      {10, "recv"},       {11, "sendto"},     {12, "recvfrom"},
        {13, "shutdown"}, {14, "setsockopt"}, {15, "getsockopt"}, {16, "sendmsg"},
        {17, "recvmsg"},  {18, "accept4"},    {19, "recvmmsg"},   {20, "sendmmsg"}};
    static const std::map<uint32_t, std::string> ipc = {{1, "semop"},
                                                        {2, "semget"},
                                                        {3, "semctl"},
                                                        {4, "semtimedop"},
                                                        {11, "msgsnd"},
                                                        {12, "msgrcv"},
                                                        {13, "msgget"},
                                                        {14, "msgctl"},
                                                        {21, "shmat"},
                                                        {22, "shmdt"},
                                                        {23, "shmget"},
                                                        {24, "shmctl"}};
    const auto& rooms = door == "ipc" ? ipc : sockets;
    const auto number = static_cast<uint32_t>(door == "ipc" ? subcall & 0xffffU : subcall);
    const auto found = rooms.find(number);
    return found == rooms.end() ? std::string() : found->second;
}

SeccompOracle::SeccompOracle(const oci::Seccomp& seccomp) : seccomp_(seccomp) {
    archs_.insert(::seccomp_arch_native());
    for (const auto& name : seccomp.architectures) {
        if (name == "SCMP_ARCH_X86_64") archs_.insert(SCMP_ARCH_X86_64);
        if (name == "SCMP_ARCH_X86") archs_.insert(SCMP_ARCH_X86);
        if (name == "SCMP_ARCH_X32") archs_.insert(SCMP_ARCH_X32);
        if (name == "SCMP_ARCH_AARCH64") archs_.insert(SCMP_ARCH_AARCH64);
        if (name == "SCMP_ARCH_ARM") archs_.insert(SCMP_ARCH_ARM);
    }
    for (const uint32_t arch : archs_) find_highest(arch);
}

uint32_t SeccompOracle::verdict(const seccomp_data& data) const {
    uint32_t arch = data.arch;
    auto number = static_cast<uint32_t>(data.nr);
    // -1 is what a tracer leaves of a call that it took away.
    const bool taken_away = data.nr == -1 && !archs_.contains(SCMP_ARCH_X32);
    if (arch == AUDIT_ARCH_X86_64 && number >= kX32Bit && !taken_away) {
        arch = SCMP_ARCH_X32;
        number -= kX32Bit;
    }
    if (!archs_.contains(arch)) return SECCOMP_RET_KILL_THREAD;
    const auto highest = highest_.find(arch);
    if (highest != highest_.end() && number > highest->second && refuses(by_default())) {
        return SECCOMP_RET_ERRNO | ENOSYS;
    }
    const std::string& name = name_of(arch, number);
    if (is_shut_door(arch, name)) return through(name, data);
    for (const auto& rule : seccomp_.syscalls) {
        if (names(rule, name) && holds(rule, data)) return action(rule.action, rule.errno_ret);
    }
    return by_default();
}

const std::string& SeccompOracle::name_of(uint32_t arch, uint32_t number) {
    static std::map<uint32_t, std::vector<std::string>> tables;
    static const std::string none;
    auto& table = tables[arch];
    if (table.empty()) table = read_table(arch);
    return number < table.size() ? table[number] : none;
}

uint32_t SeccompOracle::action(const std::string& name, std::optional<uint32_t> errno_ret) {
    const uint32_t code = errno_ret.value_or(EPERM);
    if (name == "SCMP_ACT_ALLOW") return SECCOMP_RET_ALLOW;
    if (name == "SCMP_ACT_ERRNO") return SECCOMP_RET_ERRNO | code;
    if (name == "SCMP_ACT_KILL_PROCESS") return SECCOMP_RET_KILL_PROCESS;
    if (name == "SCMP_ACT_TRAP") return SECCOMP_RET_TRAP;
    if (name == "SCMP_ACT_TRACE") return SECCOMP_RET_TRACE | code;
    if (name == "SCMP_ACT_LOG") return SECCOMP_RET_LOG;
    if (name == "SCMP_ACT_NOTIFY") return SECCOMP_RET_USER_NOTIF;
    return SECCOMP_RET_KILL_THREAD;
}

uint32_t SeccompOracle::by_default() const {
    return action(seccomp_.default_action, seccomp_.default_errno_ret);
}

bool SeccompOracle::named(const std::string& name) const {
    return std::any_of(seccomp_.syscalls.begin(), seccomp_.syscalls.end(), [&](const auto& rule) {
        return names(rule, name);
    });
}

bool SeccompOracle::is_shut_door(uint32_t arch, const std::string& name) const {
    return arch == SCMP_ARCH_X86 && (name == "socketcall" || name == "ipc") && !named(name);
}

// The conditions cannot be looked at: with them a rule opens nothing, and refuses all.
uint32_t SeccompOracle::through(const std::string& door, const seccomp_data& data) const {
    const std::string name = room(door, data.args[0]);
    for (const auto& rule : seccomp_.syscalls) {
        if (!names(rule, name)) continue;
        const uint32_t answer = action(rule.action, rule.errno_ret);
        if (rule.args.empty() || refuses(answer)) return answer;
    }
    return by_default();
}

bool SeccompOracle::has_room(uint32_t arch, const std::string& door) const {
    if (!is_shut_door(arch, door)) return false;
    for (uint32_t subcall = 0; subcall < 32; ++subcall) {
        const std::string name = room(door, subcall);
        for (const auto& rule : seccomp_.syscalls) {
            const bool speaks = rule.args.empty() || refuses(action(rule.action, rule.errno_ret));
            if (names(rule, name) && speaks) return true;
        }
    }
    return false;
}

void SeccompOracle::find_highest(uint32_t arch) {
    for (uint32_t number = 0; number < kNumbers; ++number) {
        const std::string& name = name_of(arch, number);
        if (named(name) || has_room(arch, name)) highest_[arch] = number;
    }
}

std::vector<uint64_t> interesting_values(const oci::Seccomp& seccomp, const std::string& name) {
    constexpr uint64_t kHigh = uint64_t{1} << 32U;
    std::set<uint64_t> values = {0, 1, uint64_t{1} << 31U, kHigh, UINT64_MAX};
    for (const auto& rule : seccomp.syscalls) {
        if (std::find(rule.names.begin(), rule.names.end(), name) == rule.names.end()) continue;
        for (const auto& arg : rule.args) {
            for (const uint64_t value : {arg.value, arg.value_two}) {
                values.insert({value - 1, value, value + 1, value + kHigh, value ^ kHigh, ~value});
            }
        }
    }
    return {values.begin(), values.end()};
}

}  // namespace dhow::test
