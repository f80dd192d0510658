// SPDX-License-Identifier: Apache-2.0
// The linux section of a container's spec: namespaces, limits, masks, seccomp.
#include "engine/seccomp_policy.h"
#include "engine/security_options.h"
#include "engine/spec_builder.h"

#include <algorithm>
#include <span>

namespace dhow::engine {

namespace {

// Kernel interfaces that tell about, or reach, the host (as Podman and Docker mask them).
constexpr std::string_view kMasked[] = {
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/dev/block",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/fs/selinux",
};
constexpr std::string_view kReadOnly[] = {
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
};

std::vector<oci::Namespace> build_namespaces(const SpecInput& input) {
    using oci::NamespaceType;
    std::vector<oci::Namespace> namespaces = {{NamespaceType::Pid, ""},
                                              {NamespaceType::Ipc, ""},
                                              {NamespaceType::Uts, ""},
                                              {NamespaceType::Mount, ""},
                                              {NamespaceType::Cgroup, ""}};
    if (input.config.options.network != NetworkKind::Host) {
        namespaces.push_back({NamespaceType::Network, input.netns_path});
    }
    return namespaces;
}

std::vector<std::string> without(std::span<const std::string_view> paths,
                                 const std::vector<std::string>& unmasked) {
    std::vector<std::string> kept;
    for (const std::string_view path : paths) {
        const bool open = std::any_of(unmasked.begin(), unmasked.end(), [&](const auto& word) {
            return word == "ALL" || word == path;
        });
        if (!open) kept.emplace_back(path);
    }
    return kept;
}

constexpr int64_t kPeriodMicroseconds = 100000;
constexpr int64_t kMinimumQuota = 1000;  // the kernel's floor, in microseconds
constexpr int64_t kNanosPerCpu = 1000000000;

oci::Resources build_resources(const SpecInput& input) {
    const Resources& wanted = input.config.options.resources;
    oci::Resources resources;
    if (!input.rootless && !input.config.options.privileged) {
        resources.devices.push_back(oci::DeviceRule{.allow = false, .access = "rwm"});
    }
    if (wanted.memory) {
        resources.memory = oci::MemoryLimits{.limit = wanted.memory, .swap = wanted.memory_swap};
    }
    if (wanted.nano_cpus) {
        resources.cpu = oci::CpuLimits{
            .quota = std::max<int64_t>(kMinimumQuota,
                                       *wanted.nano_cpus / (kNanosPerCpu / kPeriodMicroseconds)),
            .period = kPeriodMicroseconds};
    }
    if (wanted.pids_limit && *wanted.pids_limit > 0) {
        resources.pids = oci::PidsLimit{.limit = wanted.pids_limit};
    }
    return resources;
}

Result<std::optional<oci::Seccomp>> build_seccomp(const SpecInput& input,
                                                  const SecurityOptions& security,
                                                  const std::vector<std::string>& capabilities) {
    if (security.seccomp == "unconfined") return std::optional<oci::Seccomp>();
    if (!security.seccomp.empty() && security.seccomp != "default") {
        return std::optional(TRY(load_seccomp(security.seccomp, capabilities)));
    }
    if (input.config.options.privileged) return std::optional<oci::Seccomp>();
    return std::optional(default_seccomp(capabilities));
}

}  // namespace

Result<oci::Linux> build_linux(const SpecInput& input,
                               const std::vector<std::string>& capabilities) {
    const SecurityOptions security = parse_security_options(input.config.options.security_opt);
    oci::Linux section;
    section.namespaces = build_namespaces(input);
    section.cgroups_path = input.cgroups_path;
    if (input.limits_possible) section.resources = build_resources(input);
    section.seccomp = TRY(build_seccomp(input, security, capabilities));
    if (!input.config.options.privileged) {
        section.masked_paths = without(kMasked, security.unmask);
        section.masked_paths.insert(
            section.masked_paths.end(), security.mask.begin(), security.mask.end());
        section.readonly_paths = without(kReadOnly, security.unmask);
    }
    // An unprivileged port is any port: the container owns its network (as Docker and Podman).
    if (input.config.options.network != NetworkKind::Host) {
        section.sysctl = {{"net.ipv4.ip_unprivileged_port_start", "0"},
                          {"net.ipv4.ping_group_range", "0 0"}};
    }
    return section;
}

}  // namespace dhow::engine
