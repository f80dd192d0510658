// SPDX-License-Identifier: Apache-2.0
#include "base/error_wire.h"

#include "base/text.h"

#include <array>

namespace dhow {

static std::string without_nul(std::string_view text) {
    return std::string(text.substr(0, text.find('\0')));
}

std::string encode_error(const Error& error) {
    std::string wire(kind_name(error.kind));
    wire += '\0';
    wire += std::to_string(error.sys_errno) + '\0';
    wire += without_nul(error.message) + '\0';
    wire += without_nul(error.fix) + '\0';
    return wire;
}

static Error undecodable(std::string_view bytes) {
    return make_error(ErrorKind::Internal,
                      "a helper process ended without a readable error: '" +
                          printable(bytes.substr(0, 200)) + "'");
}

Error decode_error(std::string_view bytes) {
    std::array<std::string_view, 4> fields;
    std::string_view rest = bytes;
    for (auto& field : fields) {
        const size_t end = rest.find('\0');
        if (end == std::string_view::npos) return undecodable(bytes);
        field = rest.substr(0, end);
        rest.remove_prefix(end + 1);
    }
    const auto code = parse_int<int>(fields[1]);
    if (!code) return undecodable(bytes);
    for (int kind = 0; kind <= static_cast<int>(ErrorKind::Internal); ++kind) {
        if (kind_name(static_cast<ErrorKind>(kind)) != fields[0]) continue;
        return Error{.kind = static_cast<ErrorKind>(kind),
                     .sys_errno = *code,
                     .message = std::string(fields[2]),
                     .fix = std::string(fields[3])};
    }
    return undecodable(bytes);
}

}  // namespace dhow
