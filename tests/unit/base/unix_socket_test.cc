// SPDX-License-Identifier: Apache-2.0
#include "base/unix_socket.h"

#include "base/file.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow {
namespace {

using test::TempDir;

size_t open_descriptors() {
    return list_dir_at(AT_FDCWD, "/proc/self/fd")->size();
}

TEST(UnixSocket, ListensWithAPrivateModeWhateverTheUmask) {
    const TempDir dir;
    const mode_t before = ::umask(0);
    const auto listener = listen_unix_at(dir.fd(), "s", SocketType::Stream);
    ::umask(before);
    ASSERT_TRUE(listener);

    struct stat st {};

    ASSERT_EQ(::stat((dir / "s").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777U, 0600U);
    EXPECT_EQ(::fcntl(listener->get(), F_GETFD), FD_CLOEXEC);
}

TEST(UnixSocket, ReplacesADeadSocketAndRefusesWhereNobodyListens) {
    const TempDir dir;
    { ASSERT_TRUE(listen_unix_at(dir.fd(), "s", SocketType::Packet)); }
    EXPECT_TRUE(exists_at(dir.fd(), "s"));
    EXPECT_EQ(connect_unix_at(dir.fd(), "s", SocketType::Packet).error().sys_errno, ECONNREFUSED);
    EXPECT_EQ(connect_unix_at(dir.fd(), "none", SocketType::Packet).error().kind,
              ErrorKind::NotFound);
    const auto listener = listen_unix_at(dir.fd(), "s", SocketType::Packet);
    ASSERT_TRUE(listener);
    EXPECT_TRUE(connect_unix_at(dir.fd(), "s", SocketType::Packet));
    EXPECT_FALSE(connect_unix_at(dir.fd(), "s", SocketType::Stream));  // another protocol
}

TEST(UnixSocket, TheLengthOfAFoldersPathIsNoLimit) {
    const TempDir dir;
    const std::string deep = dir / std::string(200, 'a');
    ASSERT_TRUE(make_dirs(deep));
    const auto folder = open_dir_at(AT_FDCWD, deep);
    const auto listener = listen_unix_at(folder->get(), "s", SocketType::Stream);
    ASSERT_TRUE(listener);
    EXPECT_TRUE(connect_unix_at(folder->get(), "s", SocketType::Stream));
    const auto refused = listen_unix_at(folder->get(), std::string(100, 'n'), SocketType::Stream);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::InvalidArgument);
}

TEST(UnixSocket, AcceptTellsWhetherSomebodyWaits) {
    const TempDir dir;
    const auto listener = listen_unix_at(dir.fd(), "s", SocketType::Stream);
    ASSERT_TRUE(listener && set_non_blocking(listener->get()));
    EXPECT_EQ(accept_unix(listener->get()).error().kind, ErrorKind::Unavailable);
    const auto client = connect_unix_at(dir.fd(), "s", SocketType::Stream);
    const auto served = accept_unix(listener->get());
    ASSERT_TRUE(client && served);
    EXPECT_EQ(::fcntl(served->get(), F_GETFD), FD_CLOEXEC);
    EXPECT_FALSE(accept_unix(-1));
}

TEST(UnixSocket, CredentialsAreTheKernelsWord) {
    const TempDir dir;
    const auto listener = listen_unix_at(dir.fd(), "s", SocketType::Stream);
    ASSERT_TRUE(listener);
    const auto client = connect_unix_at(dir.fd(), "s", SocketType::Stream);
    const auto served = accept_unix(listener->get());
    ASSERT_TRUE(client && served);
    const auto peer = peer_credentials(served->get());
    ASSERT_TRUE(peer);
    EXPECT_EQ(peer->pid, ::getpid());
    EXPECT_EQ(peer->uid, ::geteuid());
    EXPECT_EQ(peer->gid, ::getegid());
    EXPECT_FALSE(peer_credentials(dir.fd()));
}

TEST(UnixSocket, PacketsKeepTheirBorders) {
    const auto [a, b] = make_socket_pair(SocketType::Packet).take();
    ASSERT_TRUE(send_message(a.get(), "one"));
    ASSERT_TRUE(send_message(a.get(), std::string("t\0o", 3)));
    EXPECT_EQ(receive_message(b.get())->bytes, "one");
    EXPECT_EQ(receive_message(b.get())->bytes, std::string("t\0o", 3));
}

TEST(UnixSocket, AnEndIsAnEmptyMessage) {
    auto [a, b] = make_socket_pair(SocketType::Packet).take();
    a.reset();
    const auto message = receive_message(b.get());
    ASSERT_TRUE(message);
    EXPECT_TRUE(message->bytes.empty());
    const auto sent = send_message(b.get(), "x");  // no SIGPIPE
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().sys_errno, EPIPE);
}

TEST(UnixSocket, ALongPacketIsAnErrorAndTheNextOneWhole) {
    const auto [a, b] = make_socket_pair(SocketType::Packet).take();
    ASSERT_TRUE(send_message(a.get(), std::string(101, 'x')));
    ASSERT_TRUE(send_message(a.get(), std::string(100, 'y')));
    const auto longer = receive_message(b.get(), 100);
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().kind, ErrorKind::InvalidArgument);
    EXPECT_EQ(receive_message(b.get(), 100)->bytes, std::string(100, 'y'));
}

TEST(UnixSocket, DescriptorsArriveOpenAndCloseOnExec) {
    const TempDir dir;
    dir.write("f", "content");
    const auto [a, b] = make_socket_pair(SocketType::Packet).take();
    {
        const auto file = open_at(dir.fd(), "f", O_RDONLY);
        ASSERT_TRUE(send_message(a.get(), "x", {file->get(), dir.fd()}));
    }
    const auto message = receive_message(b.get());
    ASSERT_TRUE(message);
    ASSERT_EQ(message->fds.size(), 2U);
    EXPECT_EQ(*read_all(message->fds[0].get()), "content");
    EXPECT_TRUE(exists_at(message->fds[1].get(), "f"));
    for (const UniqueFd& fd : message->fds) EXPECT_EQ(::fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
}

// Whoever sends more than is allowed, or what nobody asked for, must not fill our table.
TEST(UnixSocket, NoDescriptorOfARefusedMessageStaysOpen) {
    const auto [a, b] = make_socket_pair(SocketType::Packet).take();
    const size_t before = open_descriptors();
    const std::vector<int> sixteen(16, a.get());
    ASSERT_TRUE(send_message(a.get(), std::string(101, 'x'), sixteen));
    EXPECT_FALSE(receive_message(b.get(), 100));
    EXPECT_EQ(open_descriptors(), before);

    EXPECT_FALSE(send_message(a.get(), "x", std::vector<int>(17, a.get())));
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 40)] = {};
    char byte = 'x';
    iovec vector{&byte, 1};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * 40);
    for (int i = 0; i < 40; ++i) reinterpret_cast<int*>(CMSG_DATA(rights))[i] = a.get();
    ASSERT_EQ(::sendmsg(a.get(), &header, 0), 1);
    EXPECT_FALSE(receive_message(b.get()));  // cut by the kernel: refused
    EXPECT_EQ(open_descriptors(), before);
}

TEST(UnixSocket, AStreamTakesAllOfALargeMessage) {
    auto [a, b] = make_socket_pair(SocketType::Stream).take();
    const pid_t child = ::fork();
    const std::string large(3'000'000, 'x');
    if (child == 0) {
        b.reset();
        ::_exit(send_message(a.get(), large, {0}) ? 0 : 1);
    }
    a.reset();
    std::string got;
    size_t fds = 0;
    while (true) {
        auto message = receive_message(b.get());
        ASSERT_TRUE(message);
        if (message->bytes.empty()) break;
        got += message->bytes;
        fds += message->fds.size();
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(got, large);
    EXPECT_EQ(fds, 1U);
}

}  // namespace
}  // namespace dhow
