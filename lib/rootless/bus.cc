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

constexpr int kTimeoutSeconds = 30;
constexpr size_t kSignalLimit = 1024;
constexpr size_t kLineLimit = 512;
constexpr uint32_t kMessageLimit = 1U << 20U;
constexpr size_t kFixedHeader = 16;

// Message types and header fields, by the specification's numbers.
constexpr char kCall = 1;
constexpr char kReply = 2;
constexpr char kError = 3;
constexpr char kSignal = 4;

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
    if (!call.destination.empty()) add_field(head, kDestination, "s", call.destination);
    if (!call.signature.empty()) add_field(head, kSignature, "g", call.signature);
    head.end_array(fields, 8);
    head.align(8);
    return head.bytes() + call.body.bytes();
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

BusBody& BusBody::u64(uint64_t value) {
    align(8);
    for (unsigned i = 0; i < 8; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xffU);
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

static Error broken() {
    return make_error(ErrorKind::Corrupt, "the bus sent a broken message");
}

Status BusReader::align(size_t to) {
    at_ = aligned(at_, to);
    return at_ <= bytes_.size() ? Status() : broken();
}

Result<uint32_t> BusReader::u32() {
    TRY(align(4));
    if (bytes_.size() - at_ < 4) return broken();
    const uint32_t value = read_u32(bytes_, at_);
    at_ += 4;
    return value;
}

// With the NUL that follows it.
Result<std::string> BusReader::text(size_t length) {
    if (length >= bytes_.size() - at_) return broken();
    std::string value(bytes_.substr(at_, length));
    at_ += length + 1;
    return value;
}

Result<std::string> BusReader::string() {
    const uint32_t length = TRY(u32());
    return text(length);
}

Result<std::string> BusReader::signature() {
    if (at_ >= bytes_.size()) return broken();
    const auto length = static_cast<unsigned char>(bytes_[at_++]);
    return text(length);
}

struct Bus::Message {
    char type = 0;
    uint32_t reply_to = 0;   // the serial of the call it answers
    std::string error_name;  // of an error
    std::string interface;
    std::string member;
    std::string body;
};

Result<Bus> Bus::connect_peer(const std::string& socket_path) {
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
    return bus;
}

Result<Bus> Bus::connect(const std::string& socket_path) {
    auto bus = TRY(connect_peer(socket_path));
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

// The header's array of (code, variant); only those of one basic type each occur.
Result<Bus::Message> Bus::parse_message(std::string_view head, std::string_view fields) {
    Message message{.type = head[1]};
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
            if (code == kReplySerial) message.reply_to = value;
            if (kind != 'u') {
                if (value >= fields.size() - at) return broken();
                const std::string text(fields.substr(at, value));
                if (code == kErrorName) message.error_name = text;
                if (code == kInterface) message.interface = text;
                if (code == kMember) message.member = text;
                at += value + size_t{1};
            }
        }
        at = aligned(at, 8);
    }
    return message;
}

Result<Bus::Message> Bus::read_message() {
    const auto head = TRY(read_exactly(kFixedHeader));
    const uint32_t body_size = read_u32(head, 4);
    const uint32_t fields_size = read_u32(head, 12);
    if (head[0] != 'l' || body_size > kMessageLimit || fields_size > kMessageLimit) {
        return broken();
    }
    const auto fields = TRY(read_exactly(aligned(fields_size, 8)));
    auto message = TRY(parse_message(head, std::string_view(fields).substr(0, fields_size)));
    message.body = TRY(read_exactly(body_size));
    return message;
}

// Answers to nobody are passed over.
Result<std::string> Bus::call(const BusCall& call) {
    const uint32_t serial = ++serial_;
    TRY(write_all(socket_.get(), marshal(call, serial)));
    while (true) {
        auto message = TRY(read_message());
        if (message.type == kSignal && signals_.size() < kSignalLimit) {
            signals_.push_back({message.interface, message.member, std::move(message.body)});
        }
        if (message.reply_to != serial) continue;
        if (message.type == kReply) return std::move(message.body);
        if (message.type != kError) continue;
        const auto text = BusReader(message.body).string();
        const std::string why = text ? ": " + *text : "";
        return make_error(ErrorKind::Unavailable, printable(message.error_name + why));
    }
}

Result<BusSignal> Bus::next_signal() {
    if (!signals_.empty()) {
        BusSignal signal = std::move(signals_.front());
        signals_.pop_front();
        return signal;
    }
    while (true) {
        auto message = TRY(read_message());
        if (message.type != kSignal) continue;
        return BusSignal{message.interface, message.member, std::move(message.body)};
    }
}

}  // namespace dhow::rootless
