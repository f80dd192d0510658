// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/init_sync.h"

#include "base/error_wire.h"
#include "base/text.h"
#include "base/unix_socket.h"

namespace dhow::oci {

// A BPF program of 4096 instructions (the kernel's bound) takes 32 KiB.
static constexpr size_t kLongest = 64U << 10U;

static constexpr size_t kLongestReport = 16U << 10U;

static Error child_died() {
    return make_error(ErrorKind::Internal, "the container's init ended before it was set up");
}

static std::string frame(char type, std::string_view bytes) {
    std::string text(1, type);
    text += bytes;
    return text;
}

Status ChildOrder::accept(ChildMessage message) {
    const int number = static_cast<int>(message);
    if (message != ChildMessage::Failed && number <= last_) {
        return make_error(ErrorKind::Internal, "the container's init spoke out of order");
    }
    last_ = number;
    return {};
}

Status ParentEnd::send(ParentMessage message, std::string_view bytes) {
    auto sent = send_message(socket_.get(), frame(static_cast<char>(message), bytes));
    if (sent) return sent;
    // The child is gone; what it said last tells more than our broken pipe.
    const auto last = receive();
    return last ? std::move(sent).error() : Error(last.error());
}

Result<ParentEnd::Received> ParentEnd::receive() {
    auto message = receive_message(socket_.get(), kLongestReport);
    if (!message || message->bytes.empty()) return child_died();
    const auto number = static_cast<unsigned char>(message->bytes[0] - '0');
    if (number > static_cast<unsigned char>(ChildMessage::Failed)) return child_died();
    Received received;
    received.type = static_cast<ChildMessage>(number);
    TRY(order_.accept(received.type));
    const std::string_view body = std::string_view(message->bytes).substr(1);
    if (received.type == ChildMessage::Failed) return decode_error(body);
    if (received.type == ChildMessage::InitPid) {
        const auto pid = parse_int<pid_t>(body);
        if (!pid || *pid <= 0) return child_died();
        received.pid = *pid;
    }
    if (received.type == ChildMessage::Terminal || received.type == ChildMessage::Listener) {
        if (message->fds.size() != 1) return child_died();
        auto& place =
            received.type == ChildMessage::Terminal ? received.terminal : received.listener;
        place = std::move(message->fds[0]);
    }
    return received;
}

Status ParentEnd::await_exec() {
    const auto message = TRY(receive_message(socket_.get(), kLongestReport));
    if (message.bytes.empty()) return {};
    return decode_error(std::string_view(message.bytes).substr(1));
}

Result<std::string> ChildEnd::wait_for(ParentMessage wanted) {
    if (wanted == ParentMessage::Filter && has_filter_) {
        has_filter_ = false;
        return std::move(filter_);
    }
    while (true) {
        auto message = TRY(receive_message(socket_.get(), kLongest));
        if (message.bytes.empty()) {
            return make_error(ErrorKind::Internal, "the runtime ended during set-up");
        }
        const auto type = static_cast<ParentMessage>(message.bytes[0]);
        std::string body = message.bytes.substr(1);
        if (type == wanted) return body;
        if (type != ParentMessage::Filter) {
            return make_error(ErrorKind::Internal, "the runtime spoke out of order");
        }
        filter_ = std::move(body);
        has_filter_ = true;
    }
}

Status ChildEnd::send(ChildMessage type, std::string_view bytes, int fd) {
    const auto code = static_cast<char>('0' + static_cast<int>(type));
    std::vector<int> fds;
    if (fd >= 0) fds.push_back(fd);
    return send_message(socket_.get(), frame(code, bytes), fds);
}

void ChildEnd::failed(const Error& error) noexcept {
    // What it tells may quote the container's own words, of any length.
    constexpr size_t kLongestText = kLongestReport / 4;
    Error told = error;
    if (told.message.size() > kLongestText) told.message.resize(kLongestText);
    if (told.fix.size() > kLongestText) told.fix.resize(kLongestText);
    ignore(send(ChildMessage::Failed, encode_error(told)), "the parent may be gone");
}

Result<SyncPair> make_sync_pair() {
    auto [parent, child] = TRY(make_socket_pair(SocketType::Packet));
    return SyncPair{ParentEnd(std::move(parent)), ChildEnd(std::move(child))};
}

}  // namespace dhow::oci
