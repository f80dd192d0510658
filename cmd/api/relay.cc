// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/relay.h"

#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dhow::api {

namespace {

constexpr size_t kChunk = 16384;
constexpr short kReadable = POLLIN | POLLHUP | POLLERR;

bool would_wait(ssize_t result) {
    return result < 0 && (errno == EAGAIN || errno == EINTR);
}

}  // namespace

// --- ClientStream -------------------------------------------------------------------------------

ClientStream::ClientStream(HttpConnection::Hijacked hijacked, bool framed, bool with_input)
    : socket_(std::move(hijacked.socket)), framed_(framed), with_input_(with_input) {
    if (with_input) input_ = std::move(hijacked.leftover);
    ignore(set_non_blocking(socket_.get()), "it then only waits more");
}

pollfd ClientStream::wish() const {
    short events = 0;
    if (!input_ended_ && input_.empty()) events |= POLLIN;
    if (!output_.empty()) events |= POLLOUT;
    return {.fd = socket_.get(), .events = events, .revents = 0};
}

bool ClientStream::act(short events) {
    if ((events & POLLOUT) != 0 && !write_output()) return false;
    if ((events & POLLIN) != 0 && !input_ended_ && input_.empty()) return read_input();
    return (events & (POLLHUP | POLLERR)) == 0;
}

bool ClientStream::read_input() {
    std::array<char, kChunk> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const ssize_t got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (would_wait(got)) return true;
    if (got < 0) return false;
    if (got == 0) input_ended_ = true;
    if (with_input_ && got > 0) input_.assign(chunk.data(), static_cast<size_t>(got));
    return true;
}

bool ClientStream::write_output() {
    const ssize_t put = ::send(socket_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
    if (would_wait(put)) return true;
    if (put < 0) return false;
    output_.erase(0, static_cast<size_t>(put));
    return true;
}

void ClientStream::put_output(StreamId stream, std::string_view bytes) {
    if (framed_) {
        append_frame(output_, stream, bytes);
    } else {
        output_ += bytes;
    }
    // Mostly the socket has room: no round of poll for it.
    if (!write_output()) output_.clear();  // act() sees the hang-up
}

void ClientStream::finish() {
    while (!output_.empty()) {
        pollfd polled{.fd = socket_.get(), .events = POLLOUT, .revents = 0};
        if (::poll(&polled, 1, -1) < 0 && errno != EINTR) return;
        if (!write_output()) return;
    }
}

// --- container ----------------------------------------------------------------------------------

namespace {

class ContainerRelay {
  public:
    ContainerRelay(ClientStream& client, shim::Connection& connection, bool with_input)
        : client_(client), connection_(connection), with_input_(with_input) {}

    Status run() {
        while (!over_) {
            const bool output = client_.can_take_output();
            std::array<pollfd, 2> polled = {client_.wish(), shim_wish(output)};
            if (::poll(polled.data(), polled.size(), -1) < 0) {
                if (errno == EINTR) continue;
                return system_error("wait for an attached client");
            }
            if (!client_.act(polled[0].revents)) return {};
            if ((polled[1].revents & POLLOUT) != 0) TRY(pass_input());
            if (output && (polled[1].revents & kReadable) != 0) TRY(take_packet());
        }
        client_.finish();
        return {};
    }

  private:
    [[nodiscard]] bool has_input() const {
        return with_input_ && !end_sent_ && (!client_.input().empty() || client_.input_ended());
    }

    [[nodiscard]] pollfd shim_wish(bool output) const {
        short events = 0;
        if (output) events |= POLLIN;
        if (has_input()) events |= POLLOUT;
        // A hang-up is always reported: not listening at all is the way not to spin on it.
        return {.fd = events == 0 ? -1 : connection_.fd(), .events = events, .revents = 0};
    }

    Status pass_input() {
        if (!client_.input().empty()) {
            const auto sent = connection_.send_stdin(client_.input());
            client_.drop_input(client_.input().size());
            return give_up_on_loss(sent);
        }
        end_sent_ = true;
        return give_up_on_loss(connection_.send(shim::PacketType::StdinEnd));
    }

    // The shim may end between two packets; what it sent before is still to be read.
    Status give_up_on_loss(const Status& sent) {
        if (sent) return {};
        const int code = sent.error().sys_errno;
        if (code != EPIPE && code != ECONNRESET && code != ENOTCONN) return sent;
        with_input_ = false;
        return {};
    }

    Status take_packet() {
        const auto packet = TRY(connection_.receive());
        over_ = !packet || packet->type == shim::PacketType::Exited;
        if (over_) return {};
        if (packet->type == shim::PacketType::Stdout) {
            client_.put_output(StreamId::Stdout, packet->payload);
        } else if (packet->type == shim::PacketType::Stderr) {
            client_.put_output(StreamId::Stderr, packet->payload);
        }
        return {};
    }

    ClientStream& client_;
    shim::Connection& connection_;
    bool with_input_;
    bool end_sent_ = false;
    bool over_ = false;
};

// --- exec ---------------------------------------------------------------------------------------

class ExecRelay {
  public:
    ExecRelay(ClientStream& client, engine::ExecStreams& streams, int control)
        : client_(client),
          terminal_(streams.terminal ? streams.terminal.get() : -1),
          out_(streams.terminal ? streams.terminal.get() : streams.stdout_pipe.get()),
          err_(streams.terminal ? -1 : streams.stderr_pipe.get()),
          in_(streams.terminal ? streams.terminal.get() : streams.stdin_pipe.get()),
          streams_(streams),
          control_(control) {}

    Status run() {
        if (in_ >= 0) TRY(set_non_blocking(in_));
        while (out_ >= 0 || err_ >= 0) TRY(one_round());
        if (!client_gone_) client_.finish();
        return {};
    }

  private:
    enum Slot : size_t { kClient, kOut, kErr, kIn, kControl, kSlots };

    Status one_round() {
        const bool output = client_gone_ || client_.can_take_output();
        const bool input = !client_gone_ && (!client_.input().empty() || client_.input_ended());
        std::array<pollfd, kSlots> polled{};
        polled[kClient] = client_.wish();
        if (client_gone_) polled[kClient].fd = -1;
        polled[kOut] = {output ? out_ : -1, POLLIN, 0};
        polled[kErr] = {output ? err_ : -1, POLLIN, 0};
        polled[kIn] = {input ? in_ : -1, POLLOUT, 0};
        polled[kControl] = {control_, POLLIN, 0};
        if (::poll(polled.data(), polled.size(), -1) < 0) {
            if (errno == EINTR) return {};
            return system_error("wait for an exec session");
        }
        if (!client_gone_ && !client_.act(polled[kClient].revents)) leave_client();
        if ((polled[kIn].revents & (POLLOUT | POLLHUP | POLLERR)) != 0) pass_input();
        if ((polled[kOut].revents & kReadable) != 0) read_output(out_, StreamId::Stdout);
        if ((polled[kErr].revents & kReadable) != 0) read_output(err_, StreamId::Stderr);
        if (polled[kControl].revents != 0) resize();
        return {};
    }

    // The process goes on without its client (as Docker), and sees its input end.
    void leave_client() {
        client_gone_ = true;
        close_input();
    }

    void close_input() {
        in_ = -1;
        streams_.stdin_pipe.reset();
    }

    void pass_input() {
        if (in_ < 0) return;
        if (client_.input().empty()) {
            if (terminal_ < 0) return close_input();
            in_ = -1;  // a terminal has no end of input
            return;
        }
        const ssize_t put = ::write(in_, client_.input().data(), client_.input().size());
        if (would_wait(put)) return;
        if (put < 0) {
            client_.drop_input(client_.input().size());
            return close_input();
        }
        client_.drop_input(static_cast<size_t>(put));
    }

    void read_output(int& fd, StreamId stream) {
        std::array<char, kChunk> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init)
        const ssize_t got = ::read(fd, chunk.data(), chunk.size());
        if (would_wait(got)) return;
        // A pty whose other end is closed reads as EIO.
        if (got <= 0) {
            fd = -1;
        } else if (!client_gone_) {
            client_.put_output(stream, {chunk.data(), static_cast<size_t>(got)});
        }
    }

    void resize() const {
        constexpr size_t kMaxMessage = 64;
        const auto peer = accept_unix(control_);
        if (!peer || terminal_ < 0) return;
        const auto message = receive_message(peer->get(), kMaxMessage);
        if (!message) return;
        const auto [rows, columns] = split_once(message->bytes, ' ');
        winsize size{};
        size.ws_row = parse_int<unsigned short>(rows).value_or(0);
        size.ws_col = parse_int<unsigned short>(columns.value_or("")).value_or(0);
        ::ioctl(terminal_, TIOCSWINSZ, &size);
    }

    ClientStream& client_;
    int terminal_;
    int out_;
    int err_;
    int in_;
    engine::ExecStreams& streams_;
    int control_;
    bool client_gone_ = false;
};

}  // namespace

Status relay_container(ClientStream& client, shim::Connection& connection, bool with_input) {
    return ContainerRelay(client, connection, with_input).run();
}

Status relay_exec(ClientStream& client, engine::ExecStreams& streams, int control) {
    return ExecRelay(client, streams, control).run();
}

}  // namespace dhow::api
