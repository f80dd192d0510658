// SPDX-License-Identifier: Apache-2.0
#include "engine/systemd_notify.h"

#include "base/unique_fd.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>

namespace dhow::engine {

static const char* environment(const char* name) {
    return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
}

bool unit_waits() {
    const char* name = environment("NOTIFY_SOCKET");
    return name != nullptr && *name != '\0';
}

std::string own_unit() {
    const char* name = environment("DHOW_SYSTEMD_UNIT");
    return name == nullptr ? std::string() : std::string(name);
}

Status notify_systemd(pid_t main_pid) {
    const char* name = environment("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name == nullptr || *name == '\0' || std::strlen(name) >= sizeof address.sun_path) return {};
    std::memcpy(address.sun_path, name, std::strlen(name));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(name));
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const std::string message = "MAINPID=" + std::to_string(main_pid) + "\nREADY=1";
    const auto put = ::sendto(socket.get(),
                              message.data(),
                              message.size(),
                              MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address),
                              size);
    if (put < 0) return system_error("notify systemd at '" + std::string(name) + "'");
    return {};
}

}  // namespace dhow::engine
