// SPDX-License-Identifier: Apache-2.0
// A config.json to begin with: a shell in a read-only root.
#include "base/file.h"
#include "base/json.h"
#include "cmd/runtime/verb.h"

#include <array>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace dhow::runtime_cli {

static constexpr std::array<OptionSpec, 2> kOptions = {
    {{"bundle", 'b', true, "folder to write to, default: the current one"},
     {"rootless", 0, false, "for an ordinary user"}}};

static oci::Process default_process() {
    oci::Process process;
    process.terminal = true;
    process.args = {"sh"};
    process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                   "TERM=xterm"};
    process.cwd = "/";
    const std::vector<std::string> few = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
    process.capabilities = oci::Capabilities{.bounding = few, .effective = few, .permitted = few};
    process.rlimits = {{.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024}};
    process.no_new_privileges = true;
    return process;
}

static std::vector<oci::Mount> default_mounts(bool rootless) {
    const std::vector<std::string> shut = {"nosuid", "noexec", "nodev"};
    std::vector<std::string> pts = {
        "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"};
    if (!rootless) pts.emplace_back("gid=5");
    std::vector<oci::Mount> mounts = {
        {.destination = "/proc", .type = "proc", .source = "proc"},
        {.destination = "/dev",
         .type = "tmpfs",
         .source = "tmpfs",
         .options = {"nosuid", "strictatime", "mode=755", "size=65536k"}},
        {.destination = "/dev/pts", .type = "devpts", .source = "devpts", .options = pts},
        {.destination = "/dev/shm",
         .type = "tmpfs",
         .source = "shm",
         .options = {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
        {.destination = "/dev/mqueue", .type = "mqueue", .source = "mqueue", .options = shut}};
    if (rootless) {
        mounts.push_back({.destination = "/sys",
                          .type = "none",
                          .source = "/sys",
                          .options = {"rbind", "nosuid", "noexec", "nodev", "ro"}});
        return mounts;
    }
    mounts.push_back({.destination = "/sys",
                      .type = "sysfs",
                      .source = "sysfs",
                      .options = {"nosuid", "noexec", "nodev", "ro"}});
    mounts.push_back({.destination = "/sys/fs/cgroup",
                      .type = "cgroup",
                      .source = "cgroup",
                      .options = {"nosuid", "noexec", "nodev", "relatime", "ro"}});
    return mounts;
}

// On version 1 callers expect the whole tree, as runc's `spec` leaves it.
static bool unified_cgroups() {
    struct statfs fs {};

    return ::statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static oci::Linux default_linux(bool rootless) {
    using oci::NamespaceType;
    oci::Linux part;
    part.namespaces = {{NamespaceType::Pid, ""},
                       {NamespaceType::Ipc, ""},
                       {NamespaceType::Uts, ""},
                       {NamespaceType::Mount, ""}};
    if (unified_cgroups()) part.namespaces.push_back({NamespaceType::Cgroup, ""});
    if (rootless) {
        part.namespaces.push_back({NamespaceType::User, ""});
        part.uid_mappings = {{.container_id = 0, .host_id = ::geteuid(), .size = 1}};
        part.gid_mappings = {{.container_id = 0, .host_id = ::getegid(), .size = 1}};
    } else {
        part.namespaces.push_back({NamespaceType::Network, ""});
        part.resources.emplace();
        part.resources->devices = {{.allow = false, .access = "rwm"}};
    }
    part.masked_paths = {"/proc/acpi",
                         "/proc/asound",
                         "/proc/interrupts",
                         "/proc/kcore",
                         "/proc/keys",
                         "/proc/latency_stats",
                         "/proc/timer_list",
                         "/proc/timer_stats",
                         "/proc/sched_debug",
                         "/proc/scsi",
                         "/sys/firmware",
                         "/sys/devices/virtual/powercap"};
    part.readonly_paths = {
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
    return part;
}

static Result<int> spec(const Context& /*context*/, const Parsed& parsed) {
    const bool rootless = parsed.options.flag("rootless");
    oci::RuntimeSpec config;
    config.process = default_process();
    config.root = oci::Root{.path = "rootfs", .readonly = true};
    config.hostname = "dhow";
    config.mounts = default_mounts(rootless);
    config.linux_ = default_linux(rootless);
    const std::string path = parsed.options.value("bundle", ".") + "/config.json";
    if (exists_at(AT_FDCWD, path)) {
        return make_error(ErrorKind::AlreadyExists,
                          "File config.json exists. Remove it first: '" + path + "'");
    }
    const auto document = TRY(json::parse(oci::to_json(config), "config.json"));
    TRY(replace_file_at(AT_FDCWD, path, json::pretty(document) + "\n", 0644, Durability::None));
    return 0;
}

const Verb kSpec{.name = "spec",
                 .arguments = "",
                 .help = "write a config.json to begin with",
                 .options = kOptions,
                 .run = spec};

}  // namespace dhow::runtime_cli
