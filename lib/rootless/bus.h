// SPDX-License-Identifier: Apache-2.0
// A call to a D-Bus service and its answer: the little of the D-Bus specification ("Message
// protocol", "Authentication protocol") that asking a user's systemd for a cgroup takes. libsystemd
// would cost each command 0.4 ms in the dynamic linker. Runs in dhow, as the user; the peer is the
// user's own bus, yet every length it sends is checked.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace dhow::rootless {

// The body of a message, marshalled in order: little-endian, each value at its natural alignment.
class BusBody {
  public:
    BusBody& u32(uint32_t value);

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

struct BusCall {
    std::string destination;
    std::string path;
    std::string interface;
    std::string member;
    std::string signature;
    BusBody body;
};

class Bus {
  public:
    // `socket_path`: a message bus. Waits for answers no longer than a few seconds each.
    static Result<Bus> connect(const std::string& socket_path);

    // An error reply is an Error; its D-Bus name comes first in the message.
    Status call(const BusCall& call);

  private:
    explicit Bus(UniqueFd socket) : socket_(std::move(socket)) {}

    Status authenticate();
    Result<std::string> read_exactly(size_t count);
    Status await_reply(uint32_t serial);

    UniqueFd socket_;
    uint32_t serial_ = 0;
};

}  // namespace dhow::rootless
