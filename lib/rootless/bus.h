// SPDX-License-Identifier: Apache-2.0
// Calls to a D-Bus service, their answers, and its signals: the little of the D-Bus specification
// ("Message protocol", "Authentication protocol") that asking systemd for a cgroup takes.
// libsystemd would cost each command 0.4 ms in the dynamic linker. Runs in dhow as the user,
// against the user's own bus, and in dhow-runtime; whoever the peer is, every length it sends is
// checked.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace dhow::rootless {

// The body of a message, marshalled in order: little-endian, each value at its natural alignment.
class BusBody {
  public:
    BusBody& u32(uint32_t value);
    BusBody& u64(uint64_t value);

    BusBody& boolean(bool value) { return u32(value ? 1 : 0); }

    BusBody& string(std::string_view value);     // s and o
    BusBody& signature(std::string_view value);  // g, and the head of a variant
    BusBody& align(size_t to);
    BusBody& raw(std::string_view bytes);

    // An array whose elements are aligned to `to`: returns where its length is, for end_array().
    size_t begin_array(size_t to);
    void end_array(size_t length_at, size_t to);

    [[nodiscard]] const std::string& bytes() const { return bytes_; }

  private:
    std::string bytes_;
};

// The body of an answer or a signal, read in order; what is missing or too long is an error.
class BusReader {
  public:
    explicit BusReader(std::string_view bytes) : bytes_(bytes) {}

    Result<uint32_t> u32();
    Result<std::string> string();     // s and o
    Result<std::string> signature();  // g, and the head of a variant

  private:
    Status align(size_t to);
    Result<std::string> text(size_t length);

    std::string_view bytes_;
    size_t at_ = 0;
};

struct BusCall {
    std::string destination;
    std::string path;
    std::string interface;
    std::string member;
    std::string signature;
    BusBody body;
};

struct BusSignal {
    std::string interface;
    std::string member;
    std::string body;
};

class Bus {
  public:
    // `socket_path`: a message bus. No answer takes longer than half a minute.
    static Result<Bus> connect(const std::string& socket_path);
    // The socket of one service by itself, with no bus between.
    static Result<Bus> connect_peer(const std::string& socket_path);

    // The answer's body. An error reply is an Error; its D-Bus name comes first in the message.
    Result<std::string> call(const BusCall& call);
    // The next signal; of those that came while an answer was awaited, the oldest.
    Result<BusSignal> next_signal();

  private:
    struct Message;

    explicit Bus(UniqueFd socket) : socket_(std::move(socket)) {}

    Status authenticate();
    Result<std::string> read_exactly(size_t count);
    Result<Message> read_message();
    static Result<Message> parse_message(std::string_view head, std::string_view fields);

    UniqueFd socket_;
    uint32_t serial_ = 0;
    std::deque<BusSignal> signals_;
};

}  // namespace dhow::rootless
