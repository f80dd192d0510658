// SPDX-License-Identifier: Apache-2.0
#include "base/unix_socket.h"

#include "base/file.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace dhow {

static constexpr size_t kMaxFds = 16;

static Result<sockaddr_un> address_of(int dir, const std::string& name) {
    const std::string path = fd_path(dir) + "/" + name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return make_error(ErrorKind::InvalidArgument, "socket name '" + name + "' is too long");
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

static Result<UniqueFd> new_socket(SocketType type) {
    UniqueFd fd(::socket(AF_UNIX, static_cast<int>(type) | SOCK_CLOEXEC, 0));
    if (!fd) return system_error("create unix socket");
    return fd;
}

Result<UniqueFd> listen_unix_at(int dir, const std::string& name, SocketType type) {
    auto fd = TRY(new_socket(type));
    const auto address = TRY(address_of(dir, name));
    TRY(remove_file_at(dir, name));
    // Mode before the first connection is possible: fchmod on the unbound socket sets what bind
    // uses.
    ::fchmod(fd.get(), 0600);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return system_error("bind socket '" + name + "'");
    }
    if (::listen(fd.get(), SOMAXCONN) != 0) return system_error("listen on '" + name + "'");
    return fd;
}

Result<UniqueFd> connect_unix_at(int dir, const std::string& name, SocketType type) {
    auto fd = TRY(new_socket(type));
    const auto address = TRY(address_of(dir, name));
    while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno != EINTR) return system_error("connect to '" + name + "'");
    }
    return fd;
}

Result<UniqueFd> accept_unix(int listener) {
    while (true) {
        UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        if (fd) return fd;
        if (errno == EINTR || errno == ECONNABORTED) continue;
        auto error = system_error("accept");
        if (error.sys_errno == EAGAIN) error.kind = ErrorKind::Unavailable;
        return error;
    }
}

Result<std::pair<UniqueFd, UniqueFd>> make_socket_pair(SocketType type) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, static_cast<int>(type) | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return system_error("create socket pair");
    }
    return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

Result<PeerCredentials> peer_credentials(int socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return system_error("read peer credentials");
    }
    return PeerCredentials{credentials.pid, credentials.uid, credentials.gid};
}

Status send_message(int socket, std::string_view bytes, const std::vector<int>& fds) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxFds)> control{};
    if (fds.size() > kMaxFds) return make_error(ErrorKind::Internal, "too many descriptors");
    iovec vector{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    if (!fds.empty()) {
        header.msg_control = control.data();
        header.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
        cmsghdr* rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
        std::memcpy(CMSG_DATA(rights), fds.data(), sizeof(int) * fds.size());
    }
    while (true) {
        const ssize_t put = ::sendmsg(socket, &header, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return system_error("send message");
        if (static_cast<size_t>(put) == bytes.size()) return {};
        // A stream took a part: the descriptors went with it, the rest is plain bytes.
        return send_message(socket, bytes.substr(static_cast<size_t>(put)));
    }
}

static std::vector<UniqueFd> collect_fds(msghdr& header) {
    std::vector<UniqueFd> fds;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
            fds.emplace_back(fd);
        }
    }
    return fds;
}

Result<Message> receive_message(int socket, size_t limit) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxFds)> control{};
    Message message;
    message.bytes.resize(limit);
    iovec vector{message.bytes.data(), limit};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    ssize_t got = -1;
    do {
        got = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return system_error("receive message");
    message.fds = collect_fds(header);
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        return make_error(ErrorKind::InvalidArgument, "receive message: larger than allowed");
    }
    message.bytes.resize(static_cast<size_t>(got));
    return message;
}

}  // namespace dhow
