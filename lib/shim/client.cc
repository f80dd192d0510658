// SPDX-License-Identifier: Apache-2.0
#include "shim/client.h"

#include "base/error_wire.h"
#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dhow::shim {

Status Connection::send(PacketType type, std::string_view payload) {
    std::string packet(1, static_cast<char>(type));
    packet += payload;
    return send_message(socket_.get(), packet);
}

Status Connection::send_stdin(std::string_view bytes) {
    while (!bytes.empty()) {
        const size_t chunk = std::min(bytes.size(), kMaxPacket - 1);
        TRY(send(PacketType::Stdin, bytes.substr(0, chunk)));
        bytes.remove_prefix(chunk);
    }
    return {};
}

Status Connection::send_resize(unsigned rows, unsigned columns) {
    return send(PacketType::Resize, std::to_string(rows) + " " + std::to_string(columns));
}

Result<std::optional<Packet>> Connection::receive() {
    auto message = receive_message(socket_.get(), kMaxPacket);
    if (!message) {
        // A shim that was killed resets the connection: that is an end like any other.
        if (message.error().sys_errno == ECONNRESET) return std::optional<Packet>();
        return message.error();
    }
    if (message->bytes.empty()) return std::optional<Packet>();
    return std::optional(Packet{.type = static_cast<PacketType>(message->bytes.front()),
                                .payload = message->bytes.substr(1)});
}

namespace {

Result<UniqueFd> config_fd(const ShimConfig& config) {
    UniqueFd fd(::memfd_create("shim-config", MFD_CLOEXEC));
    if (!fd) return system_error("create memfd");
    TRY(write_all(fd.get(), encode_config(config)));
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) return system_error("rewind memfd");
    return fd;
}

Result<Child> spawn_shim(const LaunchOptions& launch, const ShimConfig& config, int start_socket) {
    const auto document = TRY(config_fd(config));
    const auto null = TRY(open_at(AT_FDCWD, "/dev/null", O_RDWR));
    SpawnOptions options;
    options.program = launch.program;
    options.argv = {"dhow-shim", config.id.substr(0, 12)};
    options.env = config.keep_env;
    options.new_session = true;
    options.cgroup = launch.cgroup;
    options.sibling = launch.sibling;
    options.fds = {{null.get(), 0}, {null.get(), 1}, {null.get(), 2}};
    options.fds.emplace_back(document.get(), kConfigFd);
    options.fds.emplace_back(start_socket, kStartFd);
    for (size_t i = 0; i < launch.clients.size(); ++i) {
        options.fds.emplace_back(launch.clients[i].get(), kFirstClientFd + static_cast<int>(i));
    }
    return spawn(options);
}

}  // namespace

Result<Launched> launch(const LaunchOptions& options, const ShimConfig& config) {
    auto [ours, theirs] = TRY(make_socket_pair(SocketType::Packet));
    auto child = TRY(spawn_shim(options, config, theirs.get()));
    theirs.reset();
    Connection connection(std::move(ours));
    const auto packet = TRY(connection.receive());
    if (!packet) {
        ignore(child.wait(), "its silence is the news");
        return make_error(ErrorKind::Internal, "the shim ended before the container started");
    }
    if (packet->type == PacketType::Failed) {
        ignore(child.wait(), "it ends by itself after a failure");
        return decode_error(packet->payload);
    }
    if (packet->type != PacketType::Started) {
        return make_error(ErrorKind::Internal, "the shim sent an unexpected packet");
    }
    auto status = TRY(decode_status(packet->payload));
    return Launched{
        .connection = std::move(connection), .status = std::move(status), .shim = std::move(child)};
}

namespace {

Error shim_gone() {
    return make_error(ErrorKind::NotFound, "the container has ended");
}

Result<Connection> open_connection(int run_dir_fd, PacketType first, std::string_view payload) {
    auto socket = connect_unix_at(run_dir_fd, std::string(kSocketName), SocketType::Packet);
    if (!socket) {
        const int code = socket.error().sys_errno;
        if (code == ECONNREFUSED || code == ENOENT) return shim_gone();
        return socket.error();
    }
    Connection connection(socket.take());
    auto sent = connection.send(first, payload);
    if (!sent && (sent.error().sys_errno == EPIPE || sent.error().sys_errno == ECONNRESET)) {
        return shim_gone();
    }
    TRY(std::move(sent));
    return connection;
}

// For the verbs that are answered by Ok or Failed.
Result<Connection> ask(int run_dir_fd, PacketType verb, std::string_view payload) {
    auto connection = TRY(open_connection(run_dir_fd, verb, payload));
    const auto answer = TRY(connection.receive());
    if (!answer) return shim_gone();
    if (answer->type == PacketType::Failed) return decode_error(answer->payload);
    return connection;
}

template <class T>
Result<std::optional<T>> read_record(int dir,
                                     std::string_view name,
                                     Result<T> (*decode)(std::string_view)) {
    constexpr size_t kRecordLimit = 1U << 20U;
    auto bytes = read_file_at(dir, std::string(name), kRecordLimit);
    if (!bytes) {
        if (bytes.error().kind == ErrorKind::NotFound) return std::optional<T>();
        return bytes.error();
    }
    return std::optional<T>(TRY(decode(*bytes)));
}

}  // namespace

Result<Connection> attach(int run_dir_fd, uint8_t flags) {
    return open_connection(
        run_dir_fd, PacketType::Attach, std::string(1, static_cast<char>(flags)));
}

Result<Connection> open_wait(int run_dir_fd) {
    return open_connection(run_dir_fd, PacketType::Wait, {});
}

Status send_signal(int run_dir_fd, int signal) {
    TRY(ask(run_dir_fd, PacketType::Signal, std::to_string(signal)));
    return {};
}

Result<Connection> request_stop(int run_dir_fd, int signal, int timeout_seconds) {
    return ask(run_dir_fd,
               PacketType::Stop,
               std::to_string(signal) + " " + std::to_string(timeout_seconds));
}

Result<std::optional<ShimStatus>> read_status(int run_dir_fd) {
    return read_record<ShimStatus>(run_dir_fd, kStatusFile, decode_status);
}

Result<std::optional<ExitRecord>> read_exit(int state_dir_fd) {
    return read_record<ExitRecord>(state_dir_fd, kExitFile, decode_exit);
}

}  // namespace dhow::shim
