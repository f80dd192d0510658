// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/security/seccomp_rules.h"

#include "base/text.h"

#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>

#include <linux/audit.h>
#include <linux/seccomp.h>

namespace dhow::oci {

namespace {

template <class T>
struct Name {
    std::string_view name;
    T value;
};

constexpr std::array<Name<uint32_t>, 9> kActions = {{
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
    {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
}};

constexpr std::array<Name<SeccompOperator>, 7> kOperators = {{
    {"SCMP_CMP_EQ", SeccompOperator::Equal},
    {"SCMP_CMP_GE", SeccompOperator::GreaterOrEqual},
    {"SCMP_CMP_GT", SeccompOperator::Greater},
    {"SCMP_CMP_LE", SeccompOperator::LessOrEqual},
    {"SCMP_CMP_LT", SeccompOperator::Less},
    {"SCMP_CMP_MASKED_EQ", SeccompOperator::Masked},
    {"SCMP_CMP_NE", SeccompOperator::NotEqual},
}};

// libseccomp's token is AUDIT_ARCH_* but for x32; the last four came with its version 2.6.
constexpr std::array<Name<uint32_t>, 23> kArchitectures = {{
    {"SCMP_ARCH_X86", SCMP_ARCH_X86},
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32},
    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
    {"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
    {"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
    {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
    {"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
    {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
    {"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
    {"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
    {"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
    {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
    {"SCMP_ARCH_S390", SCMP_ARCH_S390},
    {"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
    {"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
    {"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
    {"SCMP_ARCH_LOONGARCH64", AUDIT_ARCH_LOONGARCH64},
    {"SCMP_ARCH_M68K", AUDIT_ARCH_M68K},
    {"SCMP_ARCH_SH", AUDIT_ARCH_SHEL},
    {"SCMP_ARCH_SHEB", AUDIT_ARCH_SH},
}};

// Calls newer than Debian 12's libseccomp. Since 5.1 the kernel gives a call one number everywhere.
constexpr std::array<Name<uint32_t>, 20> kNewerCalls = {{
    {"cachestat", 451},         {"fchmodat2", 452},        {"map_shadow_stack", 453},
    {"futex_wake", 454},        {"futex_wait", 455},       {"futex_requeue", 456},
    {"statmount", 457},         {"listmount", 458},        {"lsm_get_self_attr", 459},
    {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
    {"setxattrat", 463},        {"getxattrat", 464},       {"listxattrat", 465},
    {"removexattrat", 466},     {"open_tree_attr", 467},   {"file_getattr", 468},
    {"file_setattr", 469},      {"listns", 470},
}};

// The calls behind i386's socketcall(2) and ipc(2) that have numbers of their own as well.
constexpr std::array<Name<uint32_t>, 27> kDirect386 = {{
    {"recvmmsg", 337},   {"sendmmsg", 345},   {"socket", 359},      {"socketpair", 360},
    {"bind", 361},       {"connect", 362},    {"listen", 363},      {"accept4", 364},
    {"getsockopt", 365}, {"setsockopt", 366}, {"getsockname", 367}, {"getpeername", 368},
    {"sendto", 369},     {"sendmsg", 370},    {"recvfrom", 371},    {"recvmsg", 372},
    {"shutdown", 373},   {"semget", 393},     {"semctl", 394},      {"shmget", 395},
    {"shmctl", 396},     {"shmat", 397},      {"shmdt", 398},       {"msgget", 399},
    {"msgsnd", 400},     {"msgrcv", 401},     {"msgctl", 402},
}};

constexpr uint32_t kX32Bit = 0x40000000;

template <class T, size_t N>
const T* find(const std::array<Name<T>, N>& names, std::string_view name) {
    const auto found = std::find_if(
        names.begin(), names.end(), [&](const Name<T>& entry) { return entry.name == name; });
    return found == names.end() ? nullptr : &found->value;
}

template <class T, size_t N>
std::vector<std::string> words(const std::array<Name<T>, N>& names) {
    std::vector<std::string> list;
    for (const Name<T>& entry : names) list.emplace_back(entry.name);
    return list;
}

Error unknown(const char* what, std::string_view name) {
    return make_error(ErrorKind::InvalidArgument,
                      std::string("seccomp: unknown ") + what + " '" + printable(name) + "'");
}

bool carries_number(uint32_t action) {
    return action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE;
}

Result<uint32_t> action_of(const std::string& name, std::optional<uint32_t> errno_ret) {
    const uint32_t* action = find(kActions, name);
    if (action == nullptr) return unknown("action", name);
    if (!carries_number(*action)) {
        if (!errno_ret) return *action;
        return make_error(ErrorKind::InvalidArgument,
                          "seccomp: action '" + name + "' takes no errno value");
    }
    const uint32_t code = errno_ret.value_or(EPERM);
    if (code <= SECCOMP_RET_DATA) return *action | code;
    return make_error(ErrorKind::InvalidArgument,
                      "seccomp: errno value " + std::to_string(code) + " is out of range");
}

Result<std::vector<SeccompCondition>> conditions_of(const std::vector<SeccompArg>& args) {
    constexpr uint32_t kLastArgument = 5;
    std::vector<SeccompCondition> list;
    for (const SeccompArg& arg : args) {
        const SeccompOperator* op = find(kOperators, arg.op);
        if (op == nullptr) return unknown("operator", arg.op);
        if (arg.index > kLastArgument) {
            return unknown("argument index", std::to_string(arg.index));
        }
        list.push_back({arg.index, *op, arg.value, arg.value_two});
    }
    return list;
}

bool repeats_an_argument(const std::vector<SeccompCondition>& list) {
    unsigned seen = 0;
    for (const SeccompCondition& entry : list) {
        if ((seen & (1U << entry.argument)) != 0) return true;
        seen |= 1U << entry.argument;
    }
    return false;
}

uint32_t newer_call(uint32_t arch, uint32_t number) {
    switch (arch) {
        case SCMP_ARCH_X32:
            return number | kX32Bit;
        case SCMP_ARCH_MIPS:
        case SCMP_ARCH_MIPSEL:
            return number + 4000;
        case SCMP_ARCH_MIPS64:
        case SCMP_ARCH_MIPSEL64:
            return number + 5000;
        case SCMP_ARCH_MIPS64N32:
        case SCMP_ARCH_MIPSEL64N32:
            return number + 6000;
        default:
            return number;
    }
}

// A call that on i386 and its kin is reached through socketcall(2) or ipc(2), by a number in the
// first argument; libseccomp's answer for its name says which.
struct Multiplexed {
    const char* door = nullptr;
    uint64_t subcall = 0;
    uint64_t mask = 0;
};

std::optional<Multiplexed> multiplexed(int resolved) {
    constexpr uint64_t kLow32 = 0xffffffff;
    constexpr uint64_t kLow16 = 0xffff;  // above it ipc(2) has a version
    if (resolved <= -101 && resolved >= -120) {
        return Multiplexed{"socketcall", static_cast<uint64_t>(-100 - resolved), kLow32};
    }
    if (resolved <= -201 && resolved >= -224) {
        return Multiplexed{"ipc", static_cast<uint64_t>(-200 - resolved), kLow16};
    }
    return std::nullopt;
}

// One architecture while its table is filled.
class Filler {
  public:
    Filler(uint32_t arch, SeccompTable& table, const std::vector<std::string>& named_doors)
        : arch_(arch), table_(table), named_doors_(named_doors) {}

    void add(SeccompRules& rules, const std::string& name, uint32_t rule) {
        const int resolved = ::seccomp_syscall_resolve_name_arch(arch_, name.c_str());
        if (resolved >= 0) return add(static_cast<uint32_t>(resolved), rule);
        if (resolved == __NR_SCMP_ERROR) {
            if (const auto* number = find(kNewerCalls, name)) add(newer_call(arch_, *number), rule);
            return;
        }
        const auto through = multiplexed(resolved);
        if (!through) return;  // a call of other architectures
        if (const auto number = direct_number(name)) add(*number, rule);
        const int door = ::seccomp_syscall_resolve_name_arch(arch_, through->door);
        if (door < 0 || is_named(through->door)) return;
        if (const auto narrowed = through_the_door(rules, rule, *through)) {
            add(static_cast<uint32_t>(door), *narrowed);
        }
    }

  private:
    [[nodiscard]] bool is_named(const char* door) const {
        return std::find(named_doors_.begin(), named_doors_.end(), door) != named_doors_.end();
    }

    void add(uint32_t number, uint32_t rule) { table_.calls.push_back({number, rule}); }

    // The other arguments are behind a pointer that no filter can follow. A rule with conditions
    // opens nothing there, and what it refuses it refuses whatever they are (CVE-2026-123876).
    static std::optional<uint32_t> through_the_door(SeccompRules& rules,
                                                    uint32_t rule,
                                                    const Multiplexed& through) {
        const uint32_t action = rules.rules[rule].action;
        const uint32_t kind = action & SECCOMP_RET_ACTION_FULL;
        const bool opens =
            kind == SECCOMP_RET_ALLOW || kind == SECCOMP_RET_LOG || kind == SECCOMP_RET_TRACE;
        if (opens && !rules.rules[rule].conditions.empty()) return std::nullopt;
        rules.rules.push_back(
            {action, {{0, SeccompOperator::Masked, through.mask, through.subcall}}});
        return static_cast<uint32_t>(rules.rules.size() - 1);
    }

    // The same call's own number, which the library tells only the other way about, and slowly.
    std::optional<uint32_t> direct_number(const std::string& name) {
        if (arch_ == SCMP_ARCH_X86) {
            const uint32_t* number = find(kDirect386, name);
            return number == nullptr ? std::nullopt : std::optional(*number);
        }
        if (direct_.empty()) read_direct_numbers();
        const auto found = direct_.find(name);
        if (found == direct_.end()) return std::nullopt;
        return found->second;
    }

    void read_direct_numbers() {
        const bool mips = arch_ == SCMP_ARCH_MIPS || arch_ == SCMP_ARCH_MIPSEL;
        const uint32_t first = mips ? 4168 : 320;
        const uint32_t last = mips ? 4405 : 405;
        for (uint32_t number = first; number <= last; ++number) {
            char* name = ::seccomp_syscall_resolve_num_arch(arch_, static_cast<int>(number));
            if (name != nullptr) direct_.emplace(name, number);
            ::free(name);
        }
    }

    uint32_t arch_;
    SeccompTable& table_;
    const std::vector<std::string>& named_doors_;
    std::map<std::string, uint32_t> direct_;
};

Result<std::vector<uint32_t>> listed_architectures(const std::vector<std::string>& names) {
    std::vector<uint32_t> list{::seccomp_arch_native()};
    for (const std::string& name : names) {
        const uint32_t* arch = find(kArchitectures, name);
        if (arch == nullptr) return unknown("architecture", name);
        if (std::find(list.begin(), list.end(), *arch) == list.end()) list.push_back(*arch);
    }
    return list;
}

// The table of an architecture; x86_64 and x32 get theirs side by side, whichever is listed.
size_t make_table(std::vector<SeccompTable>& tables, uint32_t arch) {
    if (arch != SCMP_ARCH_X86_64 && arch != SCMP_ARCH_X32) {
        tables.push_back({.audit = arch, .calls = {}});
        return tables.size() - 1;
    }
    auto pair = std::find_if(tables.begin(), tables.end(), [](const SeccompTable& table) {
        return table.audit == AUDIT_ARCH_X86_64;
    });
    if (pair == tables.end()) {
        constexpr uint32_t kArch = AUDIT_ARCH_X86_64;
        tables.push_back({.audit = kArch, .last = kX32Bit - 1, .listed = false, .calls = {}});
        tables.push_back({.audit = kArch, .first = kX32Bit, .listed = false, .calls = {}});
        pair = tables.end() - 2;
    }
    if (arch == SCMP_ARCH_X32) ++pair;
    pair->listed = true;
    return static_cast<size_t>(pair - tables.begin());
}

// What a profile says of a door itself counts, and not what it says of the rooms behind.
std::vector<std::string> named_doors(const Seccomp& seccomp) {
    std::vector<std::string> doors;
    for (const SeccompSyscall& call : seccomp.syscalls) {
        for (const std::string& name : call.names) {
            if (name == "socketcall" || name == "ipc") doors.push_back(name);
        }
    }
    return doors;
}

std::vector<Filler> make_fillers(SeccompRules& rules,
                                 const std::vector<uint32_t>& architectures,
                                 const std::vector<std::string>& doors) {
    std::vector<size_t> places;
    for (const uint32_t arch : architectures) places.push_back(make_table(rules.tables, arch));
    std::vector<Filler> fillers;
    for (size_t i = 0; i < architectures.size(); ++i) {
        fillers.emplace_back(architectures[i], rules.tables[places[i]], doors);
    }
    return fillers;
}

// Gives the numbers of the rules that one entry of the profile comes to.
Result<std::vector<uint32_t>> add_rules(SeccompRules& rules, const SeccompSyscall& call) {
    const uint32_t action = TRY(action_of(call.action, call.errno_ret));
    auto conditions = TRY(conditions_of(call.args));
    std::vector<uint32_t> made;
    const auto add = [&](std::vector<SeccompCondition> list) {
        made.push_back(static_cast<uint32_t>(rules.rules.size()));
        rules.rules.push_back({action, std::move(list)});
    };
    if (!repeats_an_argument(conditions)) {
        add(std::move(conditions));
    } else {
        for (const SeccompCondition& one : conditions) add({one});
    }
    return made;
}

}  // namespace

Result<SeccompRules> resolve_seccomp(const Seccomp& seccomp) {
    SeccompRules rules;
    rules.default_action = TRY(action_of(seccomp.default_action, seccomp.default_errno_ret));
    const auto architectures = TRY(listed_architectures(seccomp.architectures));
    const auto doors = named_doors(seccomp);
    auto fillers = make_fillers(rules, architectures, doors);
    for (const SeccompSyscall& call : seccomp.syscalls) {
        const auto made = TRY(add_rules(rules, call));
        for (const std::string& name : call.names) {
            for (Filler& filler : fillers) {
                for (const uint32_t rule : made) filler.add(rules, name, rule);
            }
        }
    }
    return rules;
}

std::vector<std::string> known_seccomp_actions() {
    return words(kActions);
}

std::vector<std::string> known_seccomp_operators() {
    return words(kOperators);
}

std::vector<std::string> known_seccomp_architectures() {
    return words(kArchitectures);
}

}  // namespace dhow::oci
