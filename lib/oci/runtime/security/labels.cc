// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/security/labels.h"

#include "base/file.h"
#include "base/root_dir.h"
#include "base/text.h"
#include "oci/runtime/mounts/mount_api.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

namespace dhow::oci {

static constexpr std::string_view kUnconfined = "unconfined";

bool apparmor_enabled() {
    const auto text = read_file_at(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", 16);
    return text && text->starts_with('Y');
}

bool selinux_enabled() {
    struct statfs fs {};

    return ::statfs("/sys/fs/selinux", &fs) == 0 &&
           static_cast<uint32_t>(fs.f_type) == uint32_t{SELINUX_MAGIC};
}

Status check_labels(const Process& process) {
    const bool wants_apparmor = !process.apparmor_profile.empty();
    const bool wants_selinux = !process.selinux_label.empty();
    if (!wants_apparmor && !wants_selinux) return {};
    return check_labels(process, wants_apparmor && apparmor_enabled(), selinux_enabled());
}

Status check_labels(const Process& process, bool apparmor, bool selinux) {
    const std::string& profile = process.apparmor_profile;
    const std::string& label = process.selinux_label;
    if (!profile.empty() && profile != kUnconfined && !apparmor) {
        return make_error(ErrorKind::Unsupported,
                          "apparmor profile '" + printable(profile) +
                              "' is specified in config, but apparmor is disabled or not supported",
                          "leave process.apparmorProfile out, or enable AppArmor in the kernel");
    }
    if (!label.empty() && !selinux) {
        return make_error(ErrorKind::Unsupported,
                          "selinux label is specified in config, but selinux is disabled or not "
                          "supported",
                          "leave process.selinuxLabel out, or enable SELinux in the kernel");
    }
    for (const std::string& text : {profile, label}) {
        if (std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < ' '; }))
            continue;
        return make_error(ErrorKind::InvalidArgument,
                          "config.json: '" + printable(text) + "' is not a label");
    }
    return {};
}

std::string mount_label(const Linux& linux_part) {
    if (linux_part.mount_label.empty() || !selinux_enabled()) return {};
    return linux_part.mount_label;
}

bool takes_mount_label(const std::string& type) {
    static constexpr std::array<std::string_view, 6> kOwn = {
        "proc", "sysfs", "cgroup", "cgroup2", "bind", "mqueue"};
    return std::find(kOwn.begin(), kOwn.end(), type) == kOwn.end();
}

Status set_file_label(int folder, const std::string& label) {
    const auto open = TRY(open_at(folder, ".", O_RDONLY | O_DIRECTORY));
    if (::fsetxattr(open.get(), "security.selinux", label.data(), label.size(), 0) == 0) return {};
    return system_error("set the file label '" + printable(label) + "'");
}

std::string apparmor_command(const std::string& profile, bool no_new_privileges, bool confined) {
    return (no_new_privileges && confined ? "stack " : "exec ") + profile;
}

// A procfs of our own; where we may not make one, that of the host, found to be the real one.
static Result<RootDir> trusted_procfs() {
    constexpr ino_t kProcRootInode = 1;
    constexpr uint64_t kAttributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    if (auto own = make_filesystem({"proc", "proc", {{"subset", "pid"}}, kAttributes})) {
        return RootDir(own.take());
    }
    auto proc = TRY(open_at(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY));

    struct statfs fs {};

    struct stat st {};

    if (::fstatfs(proc.get(), &fs) != 0 || ::fstat(proc.get(), &st) != 0) {
        return system_error("inspect '/proc'");
    }
    if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != kProcRootInode) {
        return make_error(ErrorKind::Permission, "'/proc' is not a procfs");
    }
    return RootDir(std::move(proc));
}

static Result<UniqueFd> open_attribute(const RootDir& proc, const std::string& name, int flags) {
    // A link of the kernel's own making: "PID/task/TID".
    const auto self = TRY(read_link_at(proc.fd(), "thread-self"));
    auto file = TRY(proc.open_at(self + "/attr/" + name, flags, 0, RootDir::Links::Refuse));

    struct statfs fs {};

    if (::fstatfs(file.get(), &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC) return file;
    return make_error(ErrorKind::Permission, "'attr/" + name + "' is not of a procfs");
}

// Kernels with more than one module have a folder for each.
static Result<UniqueFd> open_apparmor(const RootDir& proc, const std::string& name, int flags) {
    auto file = open_attribute(proc, "apparmor/" + name, flags);
    if (file || file.error().kind != ErrorKind::NotFound) return file;
    return open_attribute(proc, name, flags);
}

static bool is_confined(const RootDir& proc) {
    const auto file = open_apparmor(proc, "current", O_RDONLY);
    if (!file) return true;
    const auto text = read_all(file->get());
    return !text || trim(*text) != kUnconfined;
}

Result<ExecLabels> ExecLabels::open(const Process& process) {
    ExecLabels labels;
    const bool apparmor = !process.apparmor_profile.empty() && apparmor_enabled();
    if (!apparmor && process.selinux_label.empty()) return labels;
    const auto proc = TRY_CONTEXT(trusted_procfs(), "set labels");
    if (apparmor) {
        labels.apparmor_ =
            TRY_CONTEXT(open_apparmor(proc, "exec", O_WRONLY), "set the apparmor profile");
        labels.command_ = apparmor_command(
            process.apparmor_profile, process.no_new_privileges, is_confined(proc));
    }
    if (!process.selinux_label.empty()) {
        labels.selinux_ =
            TRY_CONTEXT(open_attribute(proc, "exec", O_WRONLY), "set the selinux label");
        labels.keys_ =
            TRY_CONTEXT(open_attribute(proc, "keycreate", O_WRONLY), "set the selinux label");
        labels.label_ = process.selinux_label;
    }
    return labels;
}

void ExecLabels::label_keys(bool on) const {
    if (!keys_) return;
    ignore(write_all(keys_.get(), on ? label_ : "\n"), "kernels may do without labels for keys");
}

Status ExecLabels::apply() const {
    if (apparmor_) {
        TRY_CONTEXT(write_all(apparmor_.get(), command_),
                    "set the apparmor profile by '" + printable(command_) + "'");
    }
    if (selinux_) {
        TRY_CONTEXT(write_all(selinux_.get(), label_),
                    "set the selinux label '" + printable(label_) + "'");
    }
    return {};
}

std::vector<int> ExecLabels::descriptors() const {
    return {apparmor_.get(), selinux_.get(), keys_.get()};
}

}  // namespace dhow::oci
