// SPDX-License-Identifier: Apache-2.0
// The labels of security modules: process.apparmorProfile and process.selinuxLabel, which the next
// execve(2) takes, and linux.mountLabel (config.md, "Linux Process"; apparmor(7), selinux(8)). A
// label that is asked for and cannot be set is an error: what it forbids would be allowed.
// The files that take labels are opened below a procfs proven to be one, before anything of the
// container can be in the way (CVE-2019-16884, CVE-2019-19921, CVE-2023-28642, CVE-2025-52881), and
// written last of all, so that no hook runs under them.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/spec/runtime_spec.h"

#include <string>
#include <vector>

namespace dhow::oci {

// Whether the kernel enforces them now.
bool apparmor_enabled();
bool selinux_enabled();

// Parent half: refuses a label of a module that is not there.
Status check_labels(const Process& process);
// The same, told what is there.
Status check_labels(const Process& process, bool apparmor, bool selinux);

// linux.mountLabel where it means something, else empty: without SELinux files have no labels.
std::string mount_label(const Linux& linux_part);
// "context=" of mount(8) for the file systems that take it; binds and the kernel's own do not.
bool takes_mount_label(const std::string& type);

// For mqueue, whose kernel support of "context=" came late. `folder` may be O_PATH.
Status set_file_label(int folder, const std::string& label);

// What AppArmor reads. Under no_new_privs one who is confined can only become more so.
std::string apparmor_command(const std::string& profile, bool no_new_privileges, bool confined);

class ExecLabels {
  public:
    // Child half, while `/` is still the host's.
    static Result<ExecLabels> open(const Process& process);

    // Keys made from here on, for join_session_keyring(); then again as the process itself.
    void label_keys(bool on) const;
    Status apply() const;
    // What must stay open until apply().
    [[nodiscard]] std::vector<int> descriptors() const;

  private:
    UniqueFd apparmor_;
    UniqueFd selinux_;
    UniqueFd keys_;
    std::string command_;
    std::string label_;
};

}  // namespace dhow::oci
