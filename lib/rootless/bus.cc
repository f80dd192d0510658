// SPDX-License-Identifier: Apache-2.0
#include "rootless/bus.h"

#include "base/file.h"
#include "base/text.h"
#include "base/unix_socket.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace dhow::rootless {

namespace {

constexpr int kTimeoutSeconds = 10;
constexpr size_t kLineLimit = 512;
constexpr uint32_t kMessageLimit = 1U << 20U;
constexpr size_t kFixedHeader = 16;

// Message types and header fields, by the specification's numbers.
constexpr char kCall = 1;
constexpr char kReply = 2;
constexpr char kError = 3;

enum Field : unsigned char {
    kPath = 1,
    kInterface = 2,
    kMember = 3,
    kErrorName = 4,
    kReplySerial = 5,
    kDestination = 6,
    kSignature = 8
};

uint32_t read_u32(std::string_view bytes, size_t at) {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) {
        value |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    }
    return value;
}

size_t aligned(size_t at, size_t to) {
    return (at + to - 1) / to * to;
}

void add_field(BusBody& head, unsigned char field, std::string_view type, std::string_view value) {
    head.align(8);
    const std::string code(1, static_cast<char>(field));
    head.raw(code);
    head.signature(type);
    if (type == "g") {
        head.signature(value);
    } else {
        head.string(value);
    }
}

std::string marshal(const BusCall& call, uint32_t serial) {
    BusBody head;
    constexpr std::array<char, 4> kStart = {'l', kCall, 0, 1};  // byte order, type, flags, version
    head.raw({kStart.data(), kStart.size()});
    head.u32(static_cast<uint32_t>(call.body.bytes().size())).u32(serial);
    const size_t fields = head.begin_array(8);
    add_field(head, kPath, "o", call.path);
    add_field(head, kInterface, "s", call.interface);
    add_field(head, kMember, "s", call.member);
    add_field(head, kDestination, "s", call.destination);
    if (!call.signature.empty()) add_field(head, kSignature, "g", call.signature);
    head.end_array(fields, 8);
    head.align(8);
    return head.bytes() + call.body.bytes();
}

struct Reply {
    char type = 0;
    uint32_t serial = 0;     // of the call it answers
    std::string error_name;  // for kError
};

// The header's array of (code, variant); only those of one basic type each occur in replies.
Result<Reply> parse_fields(char type, std::string_view fields) {
    Reply reply{.type = type};
    const auto broken = [] {
        return make_error(ErrorKind::Corrupt, "the bus sent a broken reply");
    };
    size_t at = 0;
    while (at + 4 < fields.size()) {
        const auto code = static_cast<unsigned char>(fields[at]);
        const char kind = fields[at + 2];  // after the signature's length, which is 1
        if (fields[at + 1] != 1) return broken();
        at += 4;
        if (kind == 'g') {
            at += static_cast<unsigned char>(fields[at]) + size_t{2};
        } else {
            at = aligned(at, 4);
            if (at + 4 > fields.size()) return broken();
            const uint32_t value = read_u32(fields, at);
            at += 4;
            if (code == kReplySerial) reply.serial = value;
            if (kind != 'u') {
                if (value >= fields.size() - at) return broken();
                if (code == kErrorName) reply.error_name = fields.substr(at, value);
                at += value + size_t{1};
            }
        }
        at = aligned(at, 8);
    }
    return reply;
}

}  // namespace

BusBody& BusBody::raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
}

BusBody& BusBody::align(size_t to) {
    bytes_.resize(aligned(bytes_.size(), to), '\0');
    return *this;
}

BusBody& BusBody::u32(uint32_t value) {
    align(4);
    for (unsigned i = 0; i < 4; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xffU);
    return *this;
}

BusBody& BusBody::string(std::string_view value) {
    u32(static_cast<uint32_t>(value.size()));
    bytes_ += value;
    bytes_ += '\0';
    return *this;
}

BusBody& BusBody::signature(std::string_view value) {
    bytes_ += static_cast<char>(value.size());
    bytes_ += value;
    bytes_ += '\0';
    return *this;
}

size_t BusBody::begin_array(size_t to) {
    u32(0);
    const size_t length_at = bytes_.size() - 4;
    align(to);
    return length_at;
}

void BusBody::end_array(size_t length_at, size_t to) {
    const size_t begin = aligned(length_at + 4, to);
    const auto length = static_cast<uint32_t>(bytes_.size() - begin);
    for (unsigned i = 0; i < 4; ++i) {
        bytes_[length_at + i] = static_cast<char>(length >> (8 * i) & 0xffU);
    }
}

Result<Bus> Bus::connect(const std::string& socket_path) {
    const size_t slash = socket_path.rfind('/');
    const auto folder = TRY(open_dir_at(AT_FDCWD, socket_path.substr(0, slash + 1)));
    Bus bus(TRY(connect_unix_at(folder.get(), socket_path.substr(slash + 1), SocketType::Stream)));
    const timeval limit{.tv_sec = kTimeoutSeconds, .tv_usec = 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
        if (::setsockopt(bus.socket_.get(), SOL_SOCKET, option, &limit, sizeof limit) != 0) {
            return system_error("set a time limit on '" + socket_path + "'");
        }
    }
    TRY_CONTEXT(bus.authenticate(), "log in at '" + socket_path + "'");
    TRY_CONTEXT(bus.call({.destination = "org.freedesktop.DBus",
                          .path = "/org/freedesktop/DBus",
                          .interface = "org.freedesktop.DBus",
                          .member = "Hello",
                          .signature = "",
                          .body = {}}),
                "log in at '" + socket_path + "'");
    return bus;
}

Result<std::string> Bus::read_exactly(size_t count) {
    std::string bytes(count, '\0');
    size_t have = 0;
    while (have < count) {
        const ssize_t got = ::read(socket_.get(), bytes.data() + have, count - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read from the bus");
        if (got == 0) return make_error(ErrorKind::Unavailable, "the bus hung up");
        have += static_cast<size_t>(got);
    }
    return bytes;
}

// EXTERNAL with no name of our own: the bus takes the one the socket tells, which is right inside a
// user namespace too.
Status Bus::authenticate() {
    TRY(write_all(socket_.get(), std::string_view("\0AUTH EXTERNAL\r\n", 16)));
    for (const std::string_view expected : {"DATA", "OK "}) {
        std::string line;
        while (!line.ends_with("\r\n")) {
            if (line.size() > kLineLimit) return make_error(ErrorKind::Corrupt, "endless line");
            line += TRY(read_exactly(1));
        }
        if (!line.starts_with(expected)) {
            return make_error(ErrorKind::Permission, "refused: '" + printable(line) + "'");
        }
        TRY(write_all(socket_.get(), expected == "DATA" ? "DATA\r\n" : "BEGIN\r\n"));
    }
    return {};
}

Status Bus::call(const BusCall& call) {
    const uint32_t serial = ++serial_;
    TRY(write_all(socket_.get(), marshal(call, serial)));
    return await_reply(serial);
}

// Signals and answers to nobody are passed over.
Status Bus::await_reply(uint32_t serial) {
    while (true) {
        const auto head = TRY(read_exactly(kFixedHeader));
        const uint32_t body_size = read_u32(head, 4);
        const uint32_t fields_size = read_u32(head, 12);
        if (head[0] != 'l' || body_size > kMessageLimit || fields_size > kMessageLimit) {
            return make_error(ErrorKind::Corrupt, "the bus sent a broken message");
        }
        const auto fields = TRY(read_exactly(aligned(fields_size, 8)));
        const auto body = TRY(read_exactly(body_size));
        if (head[1] != kReply && head[1] != kError) continue;
        const auto reply = TRY(parse_fields(head[1], fields.substr(0, fields_size)));
        if (reply.serial != serial) continue;
        if (reply.type == kReply) return {};
        std::string text = reply.error_name;
        if (body.size() > 5) {
            text += ": " + std::string(body.c_str() + 4);  // ends at its own NUL
        }
        return make_error(ErrorKind::Unavailable, printable(text));
    }
}

}  // namespace dhow::rootless
