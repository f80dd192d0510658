// SPDX-License-Identifier: Apache-2.0
#include "engine/seccomp_policy.h"

#include "base/file.h"
#include "base/json.h"
#include "engine/default_syscalls.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/utsname.h>

namespace dhow::engine {

namespace {

constexpr std::string_view kAllow = "SCMP_ACT_ALLOW";
constexpr std::string_view kErrno = "SCMP_ACT_ERRNO";
// 32-bit arguments are compared under a mask: the kernel ignores the upper half of the register,
// and a plain comparison would not.
constexpr uint64_t kLow32 = 0xffffffff;
constexpr unsigned kHighestAddressFamily = 45;
// CLONE_NEW{TIME,NS,CGROUP,UTS,IPC,USER,PID,NET}: clone(2) may make threads and processes only.
constexpr uint64_t kNamespaceFlags = 0x7e020080;
constexpr uint64_t kLastArgument = 5;
constexpr uint64_t kPersonalities[] = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff};

std::vector<std::string> strings(std::span<const std::string_view> names) {
    return {names.begin(), names.end()};
}

oci::SeccompSyscall allow(std::vector<std::string> names) {
    return oci::SeccompSyscall{.names = std::move(names), .action = std::string(kAllow)};
}

oci::SeccompSyscall refuse(std::vector<std::string> names, uint32_t code) {
    return oci::SeccompSyscall{
        .names = std::move(names), .action = std::string(kErrno), .errno_ret = code};
}

oci::SeccompSyscall allow_when_masked(const std::string& name, uint64_t mask, uint64_t value) {
    auto rule = allow({name});
    rule.args.push_back(
        oci::SeccompArg{.index = 0, .value = mask, .value_two = value, .op = "SCMP_CMP_MASKED_EQ"});
    return rule;
}

void add_argument_rules(std::vector<oci::SeccompSyscall>& rules, bool may_unshare) {
    for (unsigned family = 0; family <= kHighestAddressFamily; ++family) {
        const auto* end = std::end(kDeniedSocketFamilies);
        if (std::find(std::begin(kDeniedSocketFamilies), end, family) != end) continue;
        rules.push_back(allow_when_masked("socket", kLow32, family));
    }
    for (const uint64_t persona : kPersonalities) {
        rules.push_back(allow_when_masked("personality", kLow32, persona));
    }
    if (may_unshare) return;
    rules.push_back(allow_when_masked("clone", kNamespaceFlags, 0));
    // clone3 takes its flags by pointer, out of seccomp's sight: ENOSYS makes C libraries use
    // clone.
    rules.push_back(refuse({"clone3"}, ENOSYS));
}

std::vector<std::string> native_architectures() {
    utsname system{};
    ::uname(&system);
    const std::string_view machine(system.machine);
    if (machine == "x86_64") return {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
    if (machine == "aarch64") return {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
    return {};
}

}  // namespace

oci::Seccomp default_seccomp(const std::vector<std::string>& capabilities) {
    const std::set<std::string_view> held(capabilities.begin(), capabilities.end());
    oci::Seccomp policy;
    policy.default_action = kErrno;
    policy.default_errno_ret = ENOSYS;
    policy.architectures = native_architectures();
    policy.syscalls.push_back(allow(strings(allowed_syscalls())));
    std::set<std::string> granted;
    std::set<std::string> gated;
    for (const CapabilitySyscalls& row : capability_syscalls()) {
        auto& target = held.contains(row.capability) ? granted : gated;
        for (const std::string_view name : row.syscalls) target.emplace(name);
    }
    for (const std::string& name : granted) gated.erase(name);
    for (const std::string_view name : denied_syscalls()) gated.emplace(name);
    const bool may_unshare = held.contains("CAP_SYS_ADMIN");
    if (!may_unshare) {
        gated.erase("clone");
        gated.erase("clone3");
    }
    if (!granted.empty()) policy.syscalls.push_back(allow({granted.begin(), granted.end()}));
    policy.syscalls.push_back(refuse({gated.begin(), gated.end()}, EPERM));
    add_argument_rules(policy.syscalls, may_unshare);
    return policy;
}

namespace {

// Docker's conditions of one rule: {"caps": [...], "arches": [...], "minKernel": "4.8"}.
struct Conditions {
    std::vector<std::string> caps;
    std::vector<std::string> arches;
};

Result<Conditions> parse_conditions(const json::Object& rule, std::string_view name) {
    Conditions conditions;
    const json::Object* object = TRY(json::get_object(rule, name));
    if (object == nullptr) return conditions;
    conditions.caps = TRY(json::get_strings(*object, "caps"));
    conditions.arches = TRY(json::get_strings(*object, "arches"));
    return conditions;
}

bool contains(const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

std::string docker_architecture() {
    utsname system{};
    ::uname(&system);
    const std::string machine(system.machine);
    if (machine == "x86_64") return "amd64";
    return machine == "aarch64" ? "arm64" : machine;
}

Result<bool> applies(const json::Object& rule, const std::vector<std::string>& capabilities) {
    const auto includes = TRY(parse_conditions(rule, "includes"));
    const auto excludes = TRY(parse_conditions(rule, "excludes"));
    const std::string architecture = docker_architecture();
    const auto held = [&](const std::string& cap) { return contains(capabilities, cap); };
    if (!std::all_of(includes.caps.begin(), includes.caps.end(), held)) return false;
    if (!includes.arches.empty() && !contains(includes.arches, architecture)) return false;
    if (std::any_of(excludes.caps.begin(), excludes.caps.end(), held)) return false;
    return !contains(excludes.arches, architecture);
}

Error malformed_rule(std::string_view why) {
    return make_error(ErrorKind::InvalidArgument, "seccomp rule: " + std::string(why));
}

// All 64 bits: a mask of ones is more than json::get_int() knows.
Result<uint64_t> get_bits(const json::Object& object, std::string_view name) {
    const json::Value* value = object.if_contains(name);
    if (value != nullptr && value->is_uint64()) return value->get_uint64();
    const int64_t number = TRY(json::get_int(object, name)).value_or(0);
    if (number < 0) return malformed_rule("'" + std::string(name) + "' is negative");
    return static_cast<uint64_t>(number);
}

Result<std::optional<uint32_t>> get_errno(const json::Object& object, std::string_view name) {
    constexpr int64_t kHighest = 0xffff;  // SECCOMP_RET_DATA
    const auto code = TRY(json::get_int(object, name));
    if (!code) return std::optional<uint32_t>();
    if (*code < 0 || *code > kHighest) {
        return malformed_rule("'" + std::string(name) + "' is out of range");
    }
    return std::optional(static_cast<uint32_t>(*code));
}

Result<std::vector<oci::SeccompArg>> parse_arguments(const json::Object& rule) {
    std::vector<oci::SeccompArg> arguments;
    const json::Array* array = TRY(json::get_array(rule, "args"));
    if (array == nullptr) return arguments;
    for (const json::Value& value : *array) {
        // A condition left out would allow more than was written.
        if (!value.is_object()) return malformed_rule("an argument is no object");
        const json::Object& object = value.get_object();
        oci::SeccompArg argument;
        const uint64_t index = TRY(get_bits(object, "index"));
        if (index > kLastArgument) return malformed_rule("a call has six arguments");
        argument.index = static_cast<uint32_t>(index);
        argument.value = TRY(get_bits(object, "value"));
        argument.value_two = TRY(get_bits(object, "valueTwo"));
        argument.op = TRY(json::get_string(object, "op")).value_or("");
        arguments.push_back(std::move(argument));
    }
    return arguments;
}

Result<oci::SeccompSyscall> parse_rule(const json::Object& object) {
    oci::SeccompSyscall rule;
    rule.names = TRY(json::get_strings(object, "names"));
    const auto single = TRY(json::get_string(object, "name"));
    if (single) rule.names.push_back(*single);
    rule.action = TRY(json::get_string(object, "action")).value_or("");
    rule.errno_ret = TRY(get_errno(object, "errnoRet"));
    rule.args = TRY(parse_arguments(object));
    return rule;
}

}  // namespace

Result<oci::Seccomp> load_seccomp(const std::string& path,
                                  const std::vector<std::string>& capabilities) {
    const auto text = TRY(read_file_at(AT_FDCWD, path, 4U << 20U));
    const auto object = TRY(json::parse_object(text, "seccomp profile '" + path + "'"));
    oci::Seccomp policy;
    policy.default_action = TRY(json::get_string(object, "defaultAction")).value_or("");
    if (policy.default_action.empty()) {
        return make_error(ErrorKind::InvalidArgument,
                          "seccomp profile '" + path + "' has no defaultAction");
    }
    policy.default_errno_ret = TRY(get_errno(object, "defaultErrnoRet"));
    policy.architectures = TRY(json::get_strings(object, "architectures"));
    if (policy.architectures.empty()) policy.architectures = native_architectures();
    if (object.contains("flags")) policy.flags = TRY(json::get_strings(object, "flags"));
    const json::Array* rules = TRY(json::get_array(object, "syscalls"));
    if (rules == nullptr) return policy;
    for (const json::Value& value : *rules) {
        if (!value.is_object()) return malformed_rule("no object");
        if (!TRY(applies(value.get_object(), capabilities))) continue;
        policy.syscalls.push_back(TRY(parse_rule(value.get_object())));
    }
    return policy;
}

}  // namespace dhow::engine
