// SPDX-License-Identifier: Apache-2.0
// The `linux` member of config.json: OCI runtime-spec 1.3, config-linux.md.
#pragma once

#include "oci/spec/runtime_spec_resources.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dhow::oci {

struct IdMapping {
    uint32_t container_id = 0;  // "containerID" in JSON
    uint32_t host_id = 0;       // "hostID"
    uint32_t size = 0;

    bool operator==(const IdMapping&) const = default;
};

enum class NamespaceType { Pid, Network, Mount, Ipc, Uts, User, Cgroup, Time };

struct Namespace {
    NamespaceType type = NamespaceType::Pid;
    std::string path;  // empty: a new one
};

struct TimeOffset {
    int64_t secs = 0;
    uint32_t nanosecs = 0;
};

struct Device {
    std::string path;
    std::string type;  // "c", "b", "u" or "p"
    int64_t major = 0;
    int64_t minor = 0;
    std::optional<uint32_t> file_mode;
    std::optional<uint32_t> uid;
    std::optional<uint32_t> gid;
};

struct NetDevice {
    std::string name;  // in the container; empty: as on the host
};

struct SeccompArg {
    uint32_t index = 0;
    uint64_t value = 0;
    uint64_t value_two = 0;  // "valueTwo"
    std::string op;          // "SCMP_CMP_EQ"
};

struct SeccompSyscall {
    std::vector<std::string> names;
    std::string action;  // "SCMP_ACT_ALLOW"
    std::optional<uint32_t> errno_ret;
    std::vector<SeccompArg> args;
};

struct Seccomp {
    std::string default_action;
    std::optional<uint32_t> default_errno_ret;
    std::vector<std::string> architectures;         // "SCMP_ARCH_X86_64"
    std::optional<std::vector<std::string>> flags;  // absent differs from empty
    std::string listener_path;
    std::string listener_metadata;
    std::vector<SeccompSyscall> syscalls;
};

struct Personality {
    std::string domain;  // "LINUX" or "LINUX32"
    std::vector<std::string> flags;
};

struct IntelRdt {
    std::string clos_id;
    std::string l3_cache_schema;
    std::string mem_bw_schema;
    std::vector<std::string> schemata;  // 1.3
    bool enable_monitoring = false;     // 1.3
};

struct MemoryPolicy {
    std::string mode;   // "MPOL_INTERLEAVE"
    std::string nodes;  // "0-3,7"
    std::vector<std::string> flags;
};

struct Linux {
    std::vector<Namespace> namespaces;
    std::vector<IdMapping> uid_mappings;
    std::vector<IdMapping> gid_mappings;
    std::map<std::string, TimeOffset> time_offsets;
    std::vector<Device> devices;
    std::map<std::string, NetDevice> net_devices;  // by name on the host
    std::string cgroups_path;
    std::optional<Resources> resources;
    std::string rootfs_propagation;
    std::optional<Seccomp> seccomp;
    std::map<std::string, std::string> sysctl;
    std::vector<std::string> masked_paths;
    std::vector<std::string> readonly_paths;
    std::string mount_label;
    std::optional<IntelRdt> intel_rdt;
    std::optional<MemoryPolicy> memory_policy;
    std::optional<Personality> personality;
};

}  // namespace dhow::oci
