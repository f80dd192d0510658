// SPDX-License-Identifier: Apache-2.0
// What dhow-runtime reads before it makes anything: config.json, a process, limits, its own state.
// None may crash it, and what passes keeps the promises that the halves of a start rest on.
#include "oci/runtime/cgroup/cgroup.h"
#include "oci/runtime/cgroup/cgroup_limits.h"
#include "oci/runtime/cgroup/cgroup_unit.h"
#include "oci/runtime/cgroup/device_filter.h"
#include "oci/runtime/mounts/mount_options.h"
#include "oci/runtime/namespaces/sysctl.h"
#include "oci/runtime/security/capabilities.h"
#include "oci/runtime/security/seccomp.h"
#include "oci/runtime/state.h"
#include "oci/runtime/validate.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace dhow;
using namespace dhow::oci;

void require(bool promise) {
    if (!promise) std::abort();
}

bool climbs(const std::string& path) {
    return ("/" + path + "/").find("/../") != std::string::npos;
}

// An error is one line, whatever words of the caller's it quotes.
void require_one_line(const Error& error) {
    require(!error.message.empty());
    for (const char letter : error.message) require(letter >= ' ' && letter != 0x7f);
}

void check_device_rules(const std::vector<DeviceRule>& rules) {
    const auto program = compile_device_filter(rules);
    if (!program) {
        require_one_line(program.error());
        return;
    }
    for (size_t i = 0; i < program->size(); ++i) {
        const bpf_insn& now = (*program)[i];
        require(now.off >= 0);
        const bool jump = (now.code & 7U) == BPF_JMP && now.code != (BPF_JMP | BPF_EXIT);
        require(!jump || i + 1 + static_cast<size_t>(now.off) < program->size());
    }
    require(program->back().code == (BPF_JMP | BPF_EXIT));
}

void check_limits(const Resources& resources) {
    for (const auto& writes : {limits_v1(resources), limits_v2(resources)}) {
        if (!writes) {
            require_one_line(writes.error());
            continue;
        }
        for (const CgroupWrite& write : *writes) {
            require(write.file.find('/') == std::string::npos);
            require(!write.file.starts_with('.'));
        }
    }
    check_device_rules(resources.devices);
}

void check_cgroup(const std::string& path) {
    CgroupRequest request;
    request.id = "id";
    request.path = path;
    const auto clean = cgroup_relative_path(request);
    if (clean) {
        require(!clean->empty() && *clean != "/" && !climbs(*clean));
        require(clean->find("//") == std::string::npos && !clean->ends_with('/'));
    } else {
        require_one_line(clean.error());
    }
    const auto scope = scope_name(request, false);
    if (!scope) {
        require_one_line(scope.error());
        return;
    }
    require(scope->unit.ends_with(".scope") && scope->unit.find('/') == std::string::npos);
    const auto slices = expand_slice(scope->slice);
    if (slices) require(!climbs(*slices));
    if (!slices) require_one_line(slices.error());
}

void check_linux(const Linux& linux_part) {
    check_cgroup(linux_part.cgroups_path);
    if (linux_part.resources) check_limits(*linux_part.resources);
    if (linux_part.seccomp) {
        const auto program = seccomp_program(*linux_part.seccomp);
        if (!program) require_one_line(program.error());
    }
    for (const auto& [key, value] : linux_part.sysctl) {
        require(value.find('\n') == std::string::npos);
        require(!climbs(key));
        require(!check_sysctl(key, false, false, false));
    }
}

void check_process(const Process& process) {
    require(!process.args.empty() && !process.args[0].empty());
    require(process.cwd.starts_with('/'));
    require(process.user.uid != UINT32_MAX && process.user.gid != UINT32_MAX);
    for (const uint32_t group : process.user.additional_gids) require(group != UINT32_MAX);
    for (const auto* list : {&process.args, &process.env}) {
        for (const std::string& word : *list) require(word.find('\0') == std::string::npos);
    }
    if (!process.capabilities) return;
    const auto sets = resolve_capabilities(*process.capabilities);
    require(sets.bounding >> 41U == 0);
}

void fuzz_config(std::string_view text, bool detach) {
    const auto spec = parse_runtime_spec(text);
    if (!spec) {
        require_one_line(spec.error());
        return;
    }
    const std::string once = to_json(*spec);
    const auto again = parse_runtime_spec(once);
    require(again && to_json(*again) == once);
    for (const Mount& mount : spec->mounts) {
        const auto options = parse_mount_options(mount.options);
        require(!options.recursive_bind || options.bind);
        require(options.data.size() <= mount.options.size());
    }
    const auto valid = validate(*spec, {.detach = detach});
    if (!valid) {
        require_one_line(valid.error());
        return;
    }
    check_process(*spec->process);
    require(!detach || !spec->process->terminal);
    require(!spec->root->path.empty());
    check_linux(*spec->linux_);
}

void fuzz_process(std::string_view text) {
    const auto process = parse_process(text);
    if (process && validate_process(*process)) check_process(*process);
}

void fuzz_resources(std::string_view text) {
    const auto resources = parse_resources(text);
    if (resources) check_limits(*resources);
}

void fuzz_state(std::string_view text) {
    const auto state = parse_state(text);
    if (!state) return;
    require(state->init.pid >= 0);
    const std::string once = to_json(*state);
    const auto again = parse_state(once);
    require(again && to_json(*again) == once);
    require(!public_state(*state, ContainerStatus::Running, true).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 6) {
        case 0:
            fuzz_process(text);
            break;
        case 1:
            fuzz_resources(text);
            break;
        case 2:
            fuzz_state(text);
            break;
        case 3:
            check_cgroup(std::string(text));
            break;
        default:
            fuzz_config(text, data[0] % 2 == 0);
            break;
    }
    return 0;
}
