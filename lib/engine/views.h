// SPDX-License-Identifier: Apache-2.0
// What the engine answers with: plain data, printed by the CLI and mapped to Docker's JSON by the
// API.
#pragma once

#include "base/clock.h"
#include "engine/requests.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dhow::engine {

enum class ContainerStatus {
    Created,
    Running,
    Paused,
    Restarting,
    Stopping,
    Exited,
    Removing,
    Unknown
};

// Podman's words: "created", "running", ...
std::string_view status_name(ContainerStatus status);

struct ContainerSummary {
    std::string id;
    std::string name;
    std::string image;     // as the user wrote it, fully qualified
    std::string image_id;  // hex digits
    std::vector<std::string> command;
    UnixNanos created_at = 0;
    UnixNanos started_at = 0;   // 0: never
    UnixNanos finished_at = 0;  // 0: never, or runs
    ContainerStatus status = ContainerStatus::Created;
    int exit_code = 0;
    std::vector<PortMapping> ports;
    std::map<std::string, std::string> labels;
    std::vector<MountSpec> mounts;
    std::string network_mode;  // "none" "host" "pasta" "bridge"
};

struct ContainerDetails {
    ContainerSummary summary;
    // with everything resolved: command, env, user, working_dir from the image
    CreateRequest config;
    std::vector<std::string> entrypoint;
    pid_t pid = 0;
    bool oom_killed = false;
    std::string error;
    int restart_count = 0;
    std::string log_path;
    std::string runtime;
    std::string ip_address;  // empty: none of its own
    std::string gateway;
    std::string mac_address;
    std::string rootfs_upper;
    std::string hostname;
};

struct ImageSummary {
    std::string id;                    // hex digits of the config's digest
    std::vector<std::string> names;    // "docker.io/library/busybox:latest"
    std::vector<std::string> digests;  // "docker.io/library/busybox@sha256:..."
    UnixNanos created_at = 0;
    uint64_t size = 0;  // bytes of the unpacked layers
    std::map<std::string, std::string> labels;
    int containers = 0;
};

// One step of an image's making, as `history` lists them.
struct HistoryStep {
    std::string image_id;  // hex digits; empty: that of no image here
    std::vector<std::string> names;
    UnixNanos created_at = 0;
    std::string created_by;
    std::string comment;
    uint64_t size = 0;  // bytes of its layer's files; 0: it has no layer
};

// One step of a pull or load. Blob ids are digests with "sha256:".
struct ProgressEvent {
    enum class Kind {
        Message,
        BlobStarted,
        BlobProgress,
        BlobDone,
        BlobExists,
        ConfigDone,
        ManifestDone
    };
    Kind kind = Kind::Message;
    std::string text;  // for Message: one line
    std::string digest;
    uint64_t current = 0;  // bytes
    uint64_t total = 0;    // bytes; 0: unknown
};

struct LogRecord {
    UnixNanos time = 0;
    bool is_stderr = false;
    bool partial = false;  // the line goes on in the next record
    std::string text;      // without the line's end
};

struct SystemInfo {
    std::string version;
    std::string root;
    std::string run_root;
    std::string runtime;
    bool rootless = false;
    std::string cgroup_version;  // "v1" "v2" "hybrid"
    std::string cgroup_manager;  // "cgroupfs" "systemd" "none"
    std::vector<std::string> cgroup_controllers;
    std::string kernel;
    std::string operating_system;
    std::string architecture;
    std::string hostname;
    int cpus = 0;
    uint64_t memory_total = 0;
    int containers_running = 0;
    int containers_paused = 0;
    int containers_stopped = 0;
    int images = 0;
    std::vector<std::string> warnings;
};

struct RemovedImage {
    std::vector<std::string> untagged;
    std::vector<std::string> deleted;
};

struct Created {
    std::string id;
    std::vector<std::string> warnings;
};

// Header and rows of `ps` inside the container's pid namespace; ids as the container's.
struct TopTable {
    std::vector<std::string> titles;
    std::vector<std::vector<std::string>> rows;
};

}  // namespace dhow::engine
