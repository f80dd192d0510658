// SPDX-License-Identifier: Apache-2.0
// What a front door (cmd/dhow, cmd/api) may ask of the engine. Both fill the same structs; neither
// knows the other. A field left at its default means "as the image or the defaults have it".
#pragma once

#include "base/clock.h"
#include "engine/image_requests.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dhow::engine {

enum class PullPolicy { Missing, Always, Never, Newer };
enum class NetworkKind { Default, None, Host, Pasta, Bridge, Container };
enum class Protocol { Tcp, Udp };

// host_ip empty: all addresses. host_port 0: a free one, chosen when the container is created.
struct PortMapping {
    std::string host_ip;
    uint16_t host_port = 0;
    uint16_t container_port = 0;
    Protocol protocol = Protocol::Tcp;

    bool operator==(const PortMapping&) const = default;
};

enum class MountKind { Bind, Volume, Tmpfs };

struct MountSpec {
    MountKind kind = MountKind::Bind;
    std::string source;  // absolute host path, or volume name (empty: anonymous); unused for tmpfs
    std::string destination;  // absolute path in the container
    bool read_only = false;
    std::vector<std::string> options;  // what is left: "nosuid", "rprivate", "size=64m", ...

    bool operator==(const MountSpec&) const = default;
};

enum class RestartKind { No, Always, OnFailure, UnlessStopped };

struct RestartPolicy {
    RestartKind kind = RestartKind::No;
    int max_retries = 0;  // for OnFailure; 0: no bound

    bool operator==(const RestartPolicy&) const = default;
};

// Units: bytes, billionths of a CPU, processes. nullopt: no limit asked for.
struct Resources {
    std::optional<int64_t> memory;
    std::optional<int64_t> memory_swap;  // memory + swap; -1: unlimited swap
    std::optional<int64_t> nano_cpus;
    std::optional<int64_t> pids_limit;  // <= 0: unlimited

    bool operator==(const Resources&) const = default;
};

struct CreateRequest {
    std::string name;  // empty: a generated adjective_surname
    std::string image;
    std::vector<std::string> command;                    // empty: the image's Cmd
    std::optional<std::vector<std::string>> entrypoint;  // {} or {""}: none at all
    std::vector<std::string> env;                        // "K=V"
    std::map<std::string, std::string> labels;
    std::vector<MountSpec> mounts;
    std::vector<PortMapping> ports;
    std::string hostname;
    std::string user;  // "name|uid[:group|gid]"
    std::string working_dir;
    bool interactive = false;
    bool terminal = false;
    bool auto_remove = false;
    bool read_only = false;
    bool init = false;
    bool privileged = false;
    bool publish_all = false;
    NetworkKind network = NetworkKind::Default;
    std::string network_container;  // for NetworkKind::Container: name or id
    Resources resources;
    std::vector<std::string> cap_add;
    std::vector<std::string> cap_drop;
    // "no-new-privileges", "seccomp=FILE|unconfined", "label=..."
    std::vector<std::string> security_opt;
    RestartPolicy restart;
    PullPolicy pull = PullPolicy::Missing;
    PullRequest pull_options;  // how to fetch `image`; its own image stays empty
    std::string runtime;       // "", "crun", "runc", or an absolute path
    std::string stop_signal;
    std::optional<int> stop_timeout_seconds;
    std::string log_driver;  // "", "k8s-file", "none"
    std::map<std::string, std::string> annotations;
    std::string id_file;  // --cidfile: must not exist; written by the engine
};

struct ExecRequest {
    std::string container;
    std::vector<std::string> command;
    std::vector<std::string> env;
    std::string user;
    std::string working_dir;
    bool interactive = false;
    bool terminal = false;
    bool privileged = false;
    bool detach = false;
};

struct LogsRequest {
    std::string container;
    bool follow = false;
    bool stdout_wanted = true;
    bool stderr_wanted = true;
    std::optional<int64_t> tail;  // lines; nullopt: all
    std::optional<UnixNanos> since;
    std::optional<UnixNanos> until;
    std::function<bool()> still_wanted;  // while following; none: for ever
};

struct ListRequest {
    bool all = false;
    std::optional<int> last;  // -n
    // as Docker's: name, label, status, ...
    std::map<std::string, std::vector<std::string>> filters;
};

struct StopRequest {
    std::string container;
    std::optional<int> timeout_seconds;  // nullopt: the container's own, 10 by default
};

struct RemoveRequest {
    std::string container;
    bool force = false;
    bool volumes = false;
    std::optional<int> timeout_seconds;
};

struct GenerateSystemdRequest {
    std::string container;
    bool use_name = false;  // unit is named after the container's name, not its id
    bool recreate = false;  // --new: the unit runs `dhow run`, not `dhow start`
    std::string restart_policy = "on-failure";
    std::optional<int> stop_timeout_seconds;
};

}  // namespace dhow::engine
