// SPDX-License-Identifier: Apache-2.0
// The mounts of a container's spec: the kernel's file systems, dhow's three files in /etc, and what
// the user asked for, parents before children.
#include "engine/spec_builder.h"

#include <algorithm>

namespace dhow::engine {

namespace {

oci::Mount mount(std::string destination,
                 std::string type,
                 std::string source,
                 std::vector<std::string> options) {
    return oci::Mount{.destination = std::move(destination),
                      .type = std::move(type),
                      .source = std::move(source),
                      .options = std::move(options)};
}

bool shares_host_network(const SpecInput& input) {
    return input.config.options.network == NetworkKind::Host;
}

// sysfs shows the network namespace of who mounts it, and only its owner may: with the host's
// network an ordinary user gets the host's view bound in, read-only.
oci::Mount sysfs(const SpecInput& input) {
    if (input.rootless && shares_host_network(input)) {
        return mount("/sys", "bind", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"});
    }
    const char* access = input.config.options.privileged ? "rw" : "ro";
    return mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", access});
}

oci::Mount cgroup(const SpecInput& input) {
    const char* access = input.config.options.privileged ? "rw" : "ro";
    if (input.rootless && !input.cgroup_v2) {
        return mount("/sys/fs/cgroup",
                     "bind",
                     "/sys/fs/cgroup",
                     {"rbind", "nosuid", "noexec", "nodev", "ro"});
    }
    return mount(
        "/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", access});
}

void add_kernel_mounts(const SpecInput& input, std::vector<oci::Mount>& mounts) {
    mounts.push_back(mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
    mounts.push_back(
        mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
    mounts.push_back(
        mount("/dev/pts",
              "devpts",
              "devpts",
              {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}));
    mounts.push_back(mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
    mounts.push_back(mount(
        "/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}));
    mounts.push_back(sysfs(input));
    // Bound along with /sys already when that is the host's.
    if (!(input.rootless && shares_host_network(input))) mounts.push_back(cgroup(input));
}

void add_files(const SpecInput& input, std::vector<oci::Mount>& mounts) {
    for (const char* name : {"hosts", "resolv.conf", "hostname"}) {
        mounts.push_back(mount("/etc/" + std::string(name),
                               "bind",
                               input.files_dir + "/" + name,
                               {"bind", "rprivate", "nosuid", "nodev"}));
    }
    if (input.config.options.init) {
        mounts.push_back(
            mount(kInitInContainer, "bind", input.init_path, {"bind", "ro", "nosuid", "nodev"}));
    }
}

// A read-only root still needs places for pid files and temporary data (as Podman).
void add_read_only_tmpfs(const SpecInput& input, std::vector<oci::Mount>& mounts) {
    if (!input.config.options.read_only) return;
    for (const char* path : {"/run", "/tmp", "/var/tmp"}) {
        mounts.push_back(
            mount(path, "tmpfs", "tmpfs", {"rw", "rprivate", "nosuid", "nodev", "tmpcopyup"}));
    }
}

oci::Mount user_mount(const MountSpec& spec, const MountSource& source) {
    std::vector<std::string> options = source.options;
    options.insert(options.end(), spec.options.begin(), spec.options.end());
    if (spec.read_only) options.emplace_back("ro");
    if (spec.kind == MountKind::Tmpfs) {
        options.insert(options.end(), {"nosuid", "nodev", "rprivate"});
        return mount(spec.destination, "tmpfs", "tmpfs", std::move(options));
    }
    // Labels and ownership flags are the engine's to act on, unknown to runtimes.
    std::erase_if(options, [](const std::string& option) {
        return option == "z" || option == "Z" || option == "U" || option == "copy" ||
               option == "nocopy" || option == "rw";
    });
    if (!source.type.empty() && source.type != "bind") {
        return mount(spec.destination, source.type, source.path, std::move(options));
    }
    const auto has = [&](std::string_view word) {
        return std::find(options.begin(), options.end(), word) != options.end();
    };
    if (!has("bind") && !has("rbind")) options.emplace_back("rbind");
    const bool propagates = std::any_of(options.begin(), options.end(), [](const std::string& o) {
        return o.ends_with("private") || o.ends_with("shared") || o.ends_with("slave");
    });
    if (!propagates) options.emplace_back("rprivate");
    return mount(spec.destination, "bind", source.path, std::move(options));
}

size_t depth(const oci::Mount& mount) {
    return static_cast<size_t>(std::count(mount.destination.begin(), mount.destination.end(), '/'));
}

// What the user mounts replaces what dhow would have mounted at the same place.
void replace_same_destination(std::vector<oci::Mount>& mounts, const std::string& destination) {
    std::erase_if(mounts, [&](const oci::Mount& m) { return m.destination == destination; });
}

}  // namespace

std::vector<oci::Mount> build_mounts(const SpecInput& input) {
    std::vector<oci::Mount> mounts;
    add_kernel_mounts(input, mounts);
    add_read_only_tmpfs(input, mounts);
    add_files(input, mounts);
    const auto& wanted = input.config.options.mounts;
    for (size_t i = 0; i < wanted.size(); ++i) {
        replace_same_destination(mounts, wanted[i].destination);
        mounts.push_back(user_mount(wanted[i], input.mount_sources[i]));
    }
    std::stable_sort(mounts.begin(), mounts.end(), [](const auto& a, const auto& b) {
        return depth(a) < depth(b);
    });
    return mounts;
}

}  // namespace dhow::engine
