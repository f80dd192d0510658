// SPDX-License-Identifier: Apache-2.0
// What criu's service speaks (criu(8), "swrk"; criu's images/rpc.proto): one message of protocol
// buffers a packet. Few members are needed, so they are written and read here by hand, with their
// numbers. Pure; a reply is read with bounds and never trusted to be well formed.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace dhow::oci {

enum class CriuRequest : uint32_t {
    Dump = 1,
    Restore = 2,
    PreDump = 4,
    Notify = 6,
    FeatureCheck = 9,
    Version = 10
};

enum class CriuCgroups : uint32_t { Ignore = 0, Soft = 3, Full = 4, Strict = 5 };

// One message; members in any order, empty ones are the caller's to leave out.
class WireWriter {
  public:
    void number(uint32_t field, uint64_t value);

    // Negative numbers of an int32 member go as 64 bits.
    void integer(uint32_t field, int32_t value) {
        number(field, static_cast<uint64_t>(int64_t{value}));
    }

    void flag(uint32_t field, bool value) { number(field, value ? 1 : 0); }

    void text(uint32_t field, std::string_view bytes);

    void message(uint32_t field, const WireWriter& inner) { text(field, inner.bytes_); }

    [[nodiscard]] const std::string& bytes() const { return bytes_; }

  private:
    void varint(uint64_t value);

    std::string bytes_;
};

std::string encode_request(CriuRequest type, const WireWriter& options);
std::string encode_notify_answer(bool success);

struct CriuReply {
    CriuRequest type = CriuRequest::Version;
    bool success = false;
    pid_t restored = 0;         // Restore
    std::string notify_script;  // Notify: "post-restore"
    pid_t notify_pid = 0;
    int error_number = 0;
    std::string error_text;
    uint32_t version = 0;  // Version: 31701 is 3.17.1
    bool tracks_memory = false;
};

Result<CriuReply> decode_reply(std::string_view bytes);

}  // namespace dhow::oci
