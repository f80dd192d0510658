// SPDX-License-Identifier: Apache-2.0
// explain_no_user_namespace(): the switches with which distributions turn user namespaces off.
#include "base/file.h"
#include "base/text.h"
#include "rootless/user_ns.h"

#include <cerrno>
#include <optional>

#include <fcntl.h>

namespace dhow::rootless {

namespace {

constexpr const char* kWhat = "create a user namespace: ";

std::optional<long> read_sysctl(const std::string& proc_sys, const char* name) {
    const auto text = read_file_at(AT_FDCWD, proc_sys + "/" + name, 64);
    return text ? parse_int<long>(trim(*text)) : std::nullopt;
}

Error turned_off(ErrorKind kind, const std::string& cause, const std::string& setting) {
    return make_error(kind,
                      kWhat + cause,
                      "run as root: sysctl -w " + setting + " (and write it to /etc/sysctl.d/)");
}

}  // namespace

Error explain_no_user_namespace(int code, const std::string& proc_sys) {
    if (read_sysctl(proc_sys, "user/max_user_namespaces") == 0) {
        return turned_off(ErrorKind::Unsupported,
                          "they are turned off (user.max_user_namespaces is 0)",
                          "user.max_user_namespaces=15000");
    }
    if (read_sysctl(proc_sys, "kernel/unprivileged_userns_clone") == 0) {
        return turned_off(ErrorKind::Unsupported,
                          "they are turned off for users (kernel.unprivileged_userns_clone is 0)",
                          "kernel.unprivileged_userns_clone=1");
    }
    if (read_sysctl(proc_sys, "kernel/apparmor_restrict_unprivileged_userns") == 1 &&
        (code == EACCES || code == EPERM)) {
        return turned_off(
            ErrorKind::Unsupported,
            "AppArmor confines them (kernel.apparmor_restrict_unprivileged_userns is 1)",
            "kernel.apparmor_restrict_unprivileged_userns=0");
    }
    if (code == ENOSPC || code == EUSERS) {
        return turned_off(ErrorKind::Unavailable,
                          "too many exist already, or they are nested too deeply",
                          "user.max_user_namespaces=15000");
    }
    auto error = system_error("create a user namespace", code);
    if (code == EPERM) {
        return std::move(error).with_fix(
            "a seccomp filter or chroot around this process forbids it: run dhow outside of it");
    }
    if (code == EINVAL || code == ENOSYS) {
        return std::move(error).with_fix("use Linux 5.14 or newer built with CONFIG_USER_NS");
    }
    return error;
}

}  // namespace dhow::rootless
