// SPDX-License-Identifier: Apache-2.0
// config.json of an OCI bundle as data: OCI runtime-spec 1.3, config.md; members carry the spec's
// names in snake_case. The engine builds a RuntimeSpec and writes it with to_json(); dhow-runtime
// reads it with parse_runtime_spec(). Nothing here touches the system. Members the spec does not
// know are ignored, as it asks of runtimes; a member of a wrong type is an error that names it.
// An empty list, map or string is the same as an absent one and is not written.
#pragma once

#include "base/result.h"
#include "oci/spec/runtime_spec_linux.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::oci {

struct Root {
    std::string path;  // relative to the bundle, or absolute
    bool readonly = false;
};

struct Mount {
    std::string destination;
    std::string type;
    std::string source;
    std::vector<std::string> options;
    std::vector<IdMapping> uid_mappings;
    std::vector<IdMapping> gid_mappings;
};

struct User {
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::optional<uint32_t> umask;
    std::vector<uint32_t> additional_gids;
};

struct ConsoleSize {
    uint32_t height = 0;
    uint32_t width = 0;
};

struct Capabilities {
    std::vector<std::string> bounding;  // "CAP_CHOWN"
    std::vector<std::string> effective;
    std::vector<std::string> inheritable;
    std::vector<std::string> permitted;
    std::vector<std::string> ambient;
};

struct Rlimit {
    std::string type;  // "RLIMIT_NOFILE"
    uint64_t soft = 0;
    uint64_t hard = 0;
};

struct Scheduler {
    std::string policy;  // "SCHED_OTHER"
    int32_t nice = 0;
    int32_t priority = 0;
    std::vector<std::string> flags;
    uint64_t runtime = 0;
    uint64_t deadline = 0;
    uint64_t period = 0;
};

struct IoPriority {
    std::string klass;  // "class" in JSON
    int32_t priority = 0;
};

struct CpuAffinity {
    std::string initial;
    std::string final_;  // "final" in JSON
};

struct Process {
    bool terminal = false;
    std::optional<ConsoleSize> console_size;
    User user;
    std::vector<std::string> args;
    std::vector<std::string> env;
    std::string cwd;
    std::optional<Capabilities> capabilities;
    std::vector<Rlimit> rlimits;
    bool no_new_privileges = false;
    std::string apparmor_profile;
    std::optional<int> oom_score_adj;
    std::string selinux_label;
    std::optional<Scheduler> scheduler;
    std::optional<IoPriority> io_priority;
    std::optional<CpuAffinity> exec_cpu_affinity;
};

struct Hook {
    std::string path;
    std::vector<std::string> args;
    std::optional<std::vector<std::string>> env;  // absent: the runtime's own
    std::optional<int> timeout;                   // seconds
};

struct Hooks {
    std::vector<Hook> prestart;
    std::vector<Hook> create_runtime;
    std::vector<Hook> create_container;
    std::vector<Hook> start_container;
    std::vector<Hook> poststart;
    std::vector<Hook> poststop;
};

struct RuntimeSpec {
    std::string oci_version = "1.2.0";
    std::optional<Root> root;
    std::vector<Mount> mounts;
    std::optional<Process> process;
    std::optional<Hooks> hooks;
    std::map<std::string, std::string> annotations;
    std::string hostname;
    std::string domainname;
    std::optional<Linux> linux_;  // "linux" in JSON; the bare word is a macro in GNU mode
};

Result<RuntimeSpec> parse_runtime_spec(std::string_view text);
std::string to_json(const RuntimeSpec& spec);

// A process alone, as `exec --process FILE` reads it.
Result<Process> parse_process(std::string_view text);
std::string to_json(const Process& process);
// Limits alone, as `update --resources FILE` reads them.
Result<Resources> parse_resources(std::string_view text);

}  // namespace dhow::oci
