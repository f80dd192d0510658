// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/security/seccomp.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/security/seccomp_cache.h"

#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <set>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dhow::oci {

namespace {

struct Release {
    void operator()(void* filter) const { ::seccomp_release(filter); }
};

using Filter = std::unique_ptr<void, Release>;

template <class T>
struct Name {
    std::string_view name;
    T value;
};

constexpr std::array<Name<uint32_t>, 19> kArchitectures = {{
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
}};

constexpr std::array<Name<scmp_compare>, 7> kOperators = {{
    {"SCMP_CMP_NE", SCMP_CMP_NE},
    {"SCMP_CMP_LT", SCMP_CMP_LT},
    {"SCMP_CMP_LE", SCMP_CMP_LE},
    {"SCMP_CMP_EQ", SCMP_CMP_EQ},
    {"SCMP_CMP_GE", SCMP_CMP_GE},
    {"SCMP_CMP_GT", SCMP_CMP_GT},
    {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
}};

Error unknown(const char* what, std::string_view name) {
    return make_error(ErrorKind::InvalidArgument,
                      std::string("seccomp: unknown ") + what + " '" + printable(name) + "'");
}

Error failed(const std::string& doing, int negative_errno) {
    return system_error("seccomp: " + doing, -negative_errno);
}

Result<uint32_t> action_of(const std::string& name, std::optional<uint32_t> errno_ret) {
    const uint32_t code = errno_ret.value_or(EPERM) & 0xffffU;
    if (name == "SCMP_ACT_ALLOW") return SCMP_ACT_ALLOW;
    if (name == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(code);
    if (name == "SCMP_ACT_KILL" || name == "SCMP_ACT_KILL_THREAD") return SCMP_ACT_KILL_THREAD;
    if (name == "SCMP_ACT_KILL_PROCESS") return SCMP_ACT_KILL_PROCESS;
    if (name == "SCMP_ACT_TRAP") return SCMP_ACT_TRAP;
    if (name == "SCMP_ACT_TRACE") return SCMP_ACT_TRACE(code);
    if (name == "SCMP_ACT_LOG") return SCMP_ACT_LOG;
    if (name == "SCMP_ACT_NOTIFY") {
        return make_error(ErrorKind::Unsupported,
                          "seccomp: action 'SCMP_ACT_NOTIFY' is not supported");
    }
    return unknown("action", name);
}

Status add_architectures(const Filter& filter, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        bool found = false;
        for (const auto& entry : kArchitectures) {
            if (entry.name != name) continue;
            found = true;
            const int code = ::seccomp_arch_add(filter.get(), entry.value);
            if (code != 0 && code != -EEXIST)
                return failed("add architecture '" + name + "'", code);
        }
        if (!found) return unknown("architecture", name);
    }
    return {};
}

Result<std::vector<scmp_arg_cmp>> comparisons(const std::vector<SeccompArg>& args) {
    std::vector<scmp_arg_cmp> list;
    for (const SeccompArg& arg : args) {
        bool found = false;
        for (const auto& entry : kOperators) {
            if (entry.name != arg.op) continue;
            found = true;
            list.push_back({arg.index, entry.value, arg.value, arg.value_two});
        }
        if (!found) return unknown("operator", arg.op);
        if (arg.index > 5) return unknown("argument index", std::to_string(arg.index));
    }
    return list;
}

// Several conditions on one argument cannot be one rule: each becomes a rule of its own (any of
// them matching is enough), as runc has it.
bool repeats_an_argument(const std::vector<scmp_arg_cmp>& list) {
    unsigned seen = 0;
    for (const scmp_arg_cmp& entry : list) {
        if ((seen & (1U << entry.arg)) != 0) return true;
        seen |= 1U << entry.arg;
    }
    return false;
}

Status add_rule(const Filter& filter,
                uint32_t action,
                const std::string& name,
                const std::vector<scmp_arg_cmp>& list) {
    const int number = ::seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) return {};  // newer than the library, or of another architecture
    const auto add = [&](unsigned count, const scmp_arg_cmp* first) -> Status {
        const int code = ::seccomp_rule_add_array(filter.get(), action, number, count, first);
        if (code == 0 || code == -EEXIST) return {};
        return failed("add rule for '" + name + "'", code);
    };
    if (!repeats_an_argument(list)) return add(static_cast<unsigned>(list.size()), list.data());
    for (const scmp_arg_cmp& entry : list) TRY(add(1, &entry));
    return {};
}

// Of a call with several rules libseccomp 2.5 compiles rightly only those with one condition (no
// order beyond 32 bits) and those that ask for equality alone. With others the program comes out
// wider than written, or never: they are refused.
bool goes_with_others(const std::vector<scmp_arg_cmp>& list) {
    const auto is_equality = [](const scmp_arg_cmp& entry) {
        return entry.op == SCMP_CMP_EQ || entry.op == SCMP_CMP_MASKED_EQ;
    };
    if (std::all_of(list.begin(), list.end(), is_equality)) return true;
    const bool alone = list.size() == 1 || repeats_an_argument(list);
    return alone && std::all_of(list.begin(), list.end(), [&](const scmp_arg_cmp& entry) {
               return is_equality(entry) || entry.op == SCMP_CMP_NE || entry.datum_a <= UINT32_MAX;
           });
}

class Compilable {
  public:
    Status add(const std::string& name, const std::vector<scmp_arg_cmp>& list) {
        if (list.empty()) return {};
        auto& seen = calls_[name];
        seen.several = seen.rules || repeats_an_argument(list);
        seen.rules = true;
        seen.difficult = seen.difficult || !goes_with_others(list);
        if (!seen.several || !seen.difficult) return {};
        return make_error(
            ErrorKind::Unsupported,
            "seccomp: the rules for '" + printable(name) + "' together cannot be compiled reliably",
            "give the call one rule, or compare for equality alone");
    }

  private:
    struct Seen {
        bool rules = false;
        bool several = false;
        bool difficult = false;
    };

    std::map<std::string, Seen> calls_;
};

// On i386 and its kin socket(2) and others are reached by socketcall(2) and ipc(2) as well, with
// the arguments behind a pointer that no filter can follow: libseccomp then lets all of them
// through. Those doors stay shut unless a rule opens them by name (CVE-2026-123876).
class Multiplexers {
  public:
    Multiplexers(const Filter& filter, const std::vector<std::string>& architectures)
        : filter_(filter) {
        for (const std::string& name : architectures) {
            for (const auto& entry : kArchitectures) {
                if (entry.name == name) architectures_.push_back(entry.value);
            }
        }
    }

    void see(const std::string& name, bool is_default, bool has_conditions) {
        if (name == "socketcall" || name == "ipc") (is_default ? shut_ : named_).insert(name);
        if (is_default || !has_conditions) return;
        for (const uint32_t arch : architectures_) {
            const int number = ::seccomp_syscall_resolve_name_rewrite(arch, name.c_str());
            for (const char* door : {"socketcall", "ipc"}) {
                const int through = ::seccomp_syscall_resolve_name_arch(arch, door);
                if (through >= 0 && through == number && name != door) shut_.insert(door);
            }
        }
    }

    Status shut(uint32_t default_action) const {
        // Not the default's own action: such a rule the library would not take.
        constexpr uint32_t kAbsent = SCMP_ACT_ERRNO(ENOSYS);
        const uint32_t action = default_action == kAbsent ? SCMP_ACT_ERRNO(EPERM) : kAbsent;
        for (const std::string& name : shut_) {
            if (!named_.contains(name)) TRY(add_rule(filter_, action, name, {}));
        }
        return {};
    }

  private:
    const Filter& filter_;
    std::vector<uint32_t> architectures_;
    std::set<std::string> named_;
    std::set<std::string> shut_;
};

bool refuses(uint32_t action) {
    return action != SCMP_ACT_ALLOW && action != SCMP_ACT_LOG &&
           (action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRACE;
}

Status add_rules(const Filter& filter, const Seccomp& seccomp, uint32_t default_action) {
    Compilable compilable;
    Multiplexers doors(filter, seccomp.architectures);
    for (const SeccompSyscall& call : seccomp.syscalls) {
        const uint32_t action = TRY(action_of(call.action, call.errno_ret));
        const bool is_default = action == default_action;
        const auto list = TRY(comparisons(call.args));
        for (const std::string& name : call.names) {
            doors.see(name, is_default, !list.empty());
            if (is_default) continue;
            TRY(compilable.add(name, list));
            TRY(add_rule(filter, action, name, list));
        }
    }
    return refuses(default_action) ? doors.shut(default_action) : Status();
}

Result<std::string> export_program(const Filter& filter) {
    const UniqueFd memory(::memfd_create("seccomp", MFD_CLOEXEC));
    if (!memory) return system_error("create memory file");
    if (const int code = ::seccomp_export_bpf(filter.get(), memory.get()); code != 0) {
        return failed("export the program", code);
    }
    if (::lseek(memory.get(), 0, SEEK_SET) != 0) return system_error("rewind memory file");
    return read_all(memory.get());
}

Result<std::string> compile(const Seccomp& seccomp) {
    const uint32_t action = TRY(action_of(seccomp.default_action, seccomp.default_errno_ret));
    const Filter filter(::seccomp_init(action));
    if (!filter) return make_error(ErrorKind::Internal, "seccomp: cannot create a filter");
    // A binary tree: more to compile, fewer steps at each system call of the container.
    ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
    TRY(add_architectures(filter, seccomp.architectures));
    TRY(add_rules(filter, seccomp, action));
    return export_program(filter);
}

Result<unsigned> load_flags(const Seccomp& seccomp) {
    unsigned flags = 0;
    for (const std::string& name : seccomp.flags) {
        if (name == "SECCOMP_FILTER_FLAG_TSYNC") {
            continue;  // one thread: nothing to synchronise
        } else if (name == "SECCOMP_FILTER_FLAG_LOG") {
            flags |= SECCOMP_FILTER_FLAG_LOG;
        } else if (name == "SECCOMP_FILTER_FLAG_SPEC_ALLOW") {
            flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
        } else {
            return unknown("flag", name);
        }
    }
    return flags;
}

}  // namespace

Result<std::string> seccomp_program(const Seccomp& seccomp, const std::string& cache_folder) {
    if (!seccomp.listener_path.empty()) {
        return make_error(ErrorKind::Unsupported, "seccomp: a listener is not supported");
    }
    TRY(load_flags(seccomp));
    const SeccompCache cache = SeccompCache::open(cache_folder);
    const std::string key = seccomp_key(seccomp);
    if (auto cached = cache.find(key)) return std::move(*cached);
    auto program = TRY(compile(seccomp));
    cache.store(key, program);
    return program;
}

Status load_seccomp(std::string_view program, const Seccomp& seccomp) {
    const unsigned flags = TRY(load_flags(seccomp));
    // The bytes come off a socket: the kernel wants them aligned.
    std::vector<sock_filter> instructions(program.size() / sizeof(sock_filter));
    program.copy(reinterpret_cast<char*>(instructions.data()),
                 instructions.size() * sizeof(sock_filter));
    sock_fprog filter{.len = static_cast<unsigned short>(instructions.size()),
                      .filter = instructions.data()};
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) == 0) return {};
    return system_error("load seccomp filter");
}

std::vector<std::string> known_seccomp_actions() {
    return {"SCMP_ACT_ALLOW",
            "SCMP_ACT_ERRNO",
            "SCMP_ACT_KILL",
            "SCMP_ACT_KILL_PROCESS",
            "SCMP_ACT_KILL_THREAD",
            "SCMP_ACT_LOG",
            "SCMP_ACT_TRACE",
            "SCMP_ACT_TRAP"};
}

}  // namespace dhow::oci
