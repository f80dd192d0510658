// SPDX-License-Identifier: Apache-2.0
// Unix domain sockets by folder fd: the path the kernel sees is /proc/self/fd/N/NAME, so the 108
// bytes of sun_path (unix(7)) never limit where a user's state may live.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/types.h>

namespace dhow {

enum class SocketType : int { Stream = SOCK_STREAM, Packet = SOCK_SEQPACKET };

// Binds and listens, mode 0600; replaces a dead socket file of the same name.
Result<UniqueFd> listen_unix_at(int dir, const std::string& name, SocketType type);
Result<UniqueFd> connect_unix_at(int dir, const std::string& name, SocketType type);
// CLOEXEC; Unavailable when nobody waits (EAGAIN on a non-blocking listener).
Result<UniqueFd> accept_unix(int listener);
Result<std::pair<UniqueFd, UniqueFd>> make_socket_pair(SocketType type);

struct PeerCredentials {
    pid_t pid = 0;
    uid_t uid = 0;
    gid_t gid = 0;
};

Result<PeerCredentials> peer_credentials(int socket);

// One message with at most 16 descriptors (SCM_RIGHTS).
Status send_message(int socket, std::string_view bytes, const std::vector<int>& fds = {});

struct Message {
    std::string bytes;          // empty at end of stream
    std::vector<UniqueFd> fds;  // CLOEXEC
};

// At most `limit` bytes; a longer packet is an error, never cut silently.
Result<Message> receive_message(int socket, size_t limit = 65536);

}  // namespace dhow
