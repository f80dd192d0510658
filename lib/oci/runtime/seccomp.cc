// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/seccomp.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/seccomp_cache.h"

#include <seccomp.h>

#include <array>
#include <cerrno>
#include <memory>

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

Status add_rules(const Filter& filter, const Seccomp& seccomp, uint32_t default_action) {
    for (const SeccompSyscall& call : seccomp.syscalls) {
        const uint32_t action = TRY(action_of(call.action, call.errno_ret));
        if (action == default_action) continue;
        const auto list = TRY(comparisons(call.args));
        for (const std::string& name : call.names) TRY(add_rule(filter, action, name, list));
    }
    return {};
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
