// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/checkpoint/criu_wire.h"

#include "base/text.h"

namespace dhow::oci {

namespace {

// Wire types of the encoding: what follows a member's tag.
constexpr uint64_t kVarint = 0;
constexpr uint64_t kFixed64 = 1;
constexpr uint64_t kBytes = 2;
constexpr uint64_t kFixed32 = 5;
constexpr unsigned kTypeBits = 3;

struct Member {
    uint64_t field = 0;
    uint64_t number = 0;     // of a varint
    std::string_view bytes;  // of all that has a length
};

class WireReader {
  public:
    explicit WireReader(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    Result<Member> next() {
        const uint64_t tag = TRY(varint());
        Member member{.field = tag >> kTypeBits, .number = 0, .bytes = {}};
        switch (tag & ((1U << kTypeBits) - 1)) {
            case kVarint:
                member.number = TRY(varint());
                return member;
            case kFixed64:
                member.bytes = TRY(take(8));
                return member;
            case kBytes: {
                const uint64_t length = TRY(varint());
                member.bytes = TRY(take(length));
                return member;
            }
            case kFixed32:
                member.bytes = TRY(take(4));
                return member;
            default:
                return malformed();
        }
    }

  private:
    static Error malformed() { return make_error(ErrorKind::Corrupt, "malformed answer of criu"); }

    Result<uint64_t> varint() {
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= uint64_t{byte & 0x7fU} << shift;
            if ((byte & 0x80U) == 0) return value;
        }
        return malformed();
    }

    Result<std::string_view> take(uint64_t length) {
        if (length > rest_.size()) return malformed();
        const std::string_view taken = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return taken;
    }

    std::string_view rest_;
};

pid_t as_pid(uint64_t number) {
    return number <= INT32_MAX ? static_cast<pid_t>(number) : 0;
}

template <class Visit>
Status each_member(std::string_view bytes, const Visit& visit) {
    WireReader reader(bytes);
    while (!reader.at_end()) {
        const Member member = TRY(reader.next());
        TRY(visit(member));
    }
    return {};
}

// major = 1, minor = 2, sublevel = 4
Status read_version(std::string_view bytes, uint32_t& version) {
    constexpr uint64_t kMost = 99;
    return each_member(bytes, [&](const Member& member) -> Status {
        const auto part = static_cast<uint32_t>(std::min(member.number, kMost));
        if (member.field == 1) version += part * 10000;
        if (member.field == 2) version += part * 100;
        if (member.field == 4) version += part;
        return {};
    });
}

Status read_notify(std::string_view bytes, CriuReply& reply) {
    return each_member(bytes, [&](const Member& member) -> Status {
        if (member.field == 1) reply.notify_script = member.bytes;
        if (member.field == 2) reply.notify_pid = as_pid(member.number);
        return {};
    });
}

Status read_member(const Member& member, CriuReply& reply) {
    const auto first_of = [&member](auto&& take) {
        return each_member(member.bytes, [&](const Member& inner) -> Status {
            if (inner.field == 1) take(inner.number);
            return {};
        });
    };
    switch (member.field) {
        case 1:
            reply.type = static_cast<CriuRequest>(member.number);
            return {};
        case 2:
            reply.success = member.number != 0;
            return {};
        case 4:
            return first_of([&](uint64_t number) { reply.restored = as_pid(number); });
        case 5:
            return read_notify(member.bytes, reply);
        case 7:
            reply.error_number = static_cast<int>(static_cast<int64_t>(member.number));
            return {};
        case 8:
            return first_of([&](uint64_t number) { reply.tracks_memory = number != 0; });
        case 9:
            reply.error_text = printable(member.bytes);
            return {};
        case 10:
            return read_version(member.bytes, reply.version);
        default:
            return {};
    }
}

}  // namespace

void WireWriter::varint(uint64_t value) {
    while (value >= 0x80U) {
        bytes_.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
        value >>= 7U;
    }
    bytes_.push_back(static_cast<char>(value));
}

void WireWriter::number(uint32_t field, uint64_t value) {
    varint((uint64_t{field} << kTypeBits) | kVarint);
    varint(value);
}

void WireWriter::text(uint32_t field, std::string_view bytes) {
    varint((uint64_t{field} << kTypeBits) | kBytes);
    varint(bytes.size());
    bytes_.append(bytes);
}

std::string encode_request(CriuRequest type, const WireWriter& options) {
    WireWriter request;
    request.number(1, static_cast<uint64_t>(type));
    if (type == CriuRequest::FeatureCheck) {
        WireWriter features;
        features.flag(1, true);  // mem_track
        request.message(5, features);
    } else if (type != CriuRequest::Version) {
        request.message(2, options);
    }
    return request.bytes();
}

std::string encode_notify_answer(bool success) {
    WireWriter request;
    request.number(1, static_cast<uint64_t>(CriuRequest::Notify));
    request.flag(3, success);
    return request.bytes();
}

Result<CriuReply> decode_reply(std::string_view bytes) {
    CriuReply reply;
    TRY(each_member(bytes, [&](const Member& member) { return read_member(member, reply); }));
    return reply;
}

}  // namespace dhow::oci
