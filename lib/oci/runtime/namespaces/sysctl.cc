// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/namespaces/sysctl.h"

#include "base/file.h"
#include "base/root_dir.h"
#include "base/text.h"
#include "oci/runtime/mounts/mount_api.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/mount.h>

namespace dhow::oci {

// "net.ipv4.conf.eth0/1.x" keeps dots of interface names behind slashes, as sysctl(8) has it.
static std::string as_path(const std::string& key) {
    std::string path = key;
    const size_t first = key.find_first_of("./");
    const bool dotted = first != std::string::npos && key[first] == '.';
    for (char& letter : path) {
        if (!dotted) continue;
        if (letter == '.') {
            letter = '/';
        } else if (letter == '/') {
            letter = '.';
        }
    }
    return path;
}

Status check_sysctl(const std::string& key, bool own_ipc, bool own_network, bool own_uts) {
    static constexpr std::array<std::string_view, 8> kIpc = {"kernel/msgmax",
                                                             "kernel/msgmnb",
                                                             "kernel/msgmni",
                                                             "kernel/sem",
                                                             "kernel/shmall",
                                                             "kernel/shmmax",
                                                             "kernel/shmmni",
                                                             "kernel/shm_rmid_forced"};
    const std::string path = as_path(key);
    const auto refuse = [&](const char* why) {
        return make_error(ErrorKind::InvalidArgument,
                          "sysctl '" + printable(key) + "' is not allowed: " + why);
    };
    for (const std::string& part : split(path, '/')) {
        if (part.empty() || part == "." || part == "..") return refuse("malformed name");
    }
    const bool ipc =
        std::find(kIpc.begin(), kIpc.end(), path) != kIpc.end() || path.starts_with("fs/mqueue/");
    if (ipc) return own_ipc ? Status() : refuse("it needs an ipc namespace of the container's own");
    if (path.starts_with("net/")) {
        return own_network ? Status()
                           : refuse("it needs a network namespace of the container's own");
    }
    if (path == "kernel/domainname") {
        return own_uts ? Status() : refuse("it needs a uts namespace of the container's own");
    }
    if (path == "kernel/hostname") return refuse("the member hostname sets it");
    return refuse("it is not namespaced");
}

Status write_sysctls(const std::map<std::string, std::string>& sysctls) {
    if (sysctls.empty()) return {};
    const RootDir proc(TRY(make_or_share_filesystem({"proc", "proc", {}, MOUNT_ATTR_NOSUID})));
    for (const auto& [key, value] : sysctls) {
        const std::string what = "set sysctl '" + printable(key) + "'";
        const auto file = TRY_CONTEXT(
            proc.open_at("sys/" + as_path(key), O_WRONLY, 0, RootDir::Links::Refuse), what);
        TRY_CONTEXT(write_all(file.get(), value), what);
    }
    return {};
}

}  // namespace dhow::oci
