// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/process/console_socket.h"

#include "base/file.h"
#include "base/unix_socket.h"

#include <fcntl.h>

namespace dhow::oci {

static Result<UniqueFd> connect(const std::string& path, const std::string& what) {
    const size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const std::string name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    const auto opened = TRY_CONTEXT(open_at(AT_FDCWD, folder, O_PATH | O_DIRECTORY), what);
    return TRY_CONTEXT(connect_unix_at(opened.get(), name, SocketType::Stream), what);
}

Result<UniqueFd> connect_console(const std::string& path) {
    return connect(path, "console socket '" + path + "'");
}

Result<UniqueFd> connect_pidfd_socket(const std::string& path) {
    if (path.empty()) return UniqueFd();
    return connect(path, "pidfd socket '" + path + "'");
}

Status send_pidfd(const UniqueFd& socket, int pidfd) {
    if (!socket) return {};
    TRY_CONTEXT(send_message(socket.get(), "pidfd", {pidfd}), "send a pidfd");
    return {};
}

}  // namespace dhow::oci
