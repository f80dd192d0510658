// SPDX-License-Identifier: Apache-2.0
#include "cmd/dhow/exit_code.h"

namespace dhow::cli {

// UTF-8 passes: names of files and images may hold it. What could move a cursor or forge a second
// line does not: C0 controls and DEL, and the C1 controls that hide in two-byte UTF-8.
std::string on_one_line(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const bool c1 =
            byte == 0xc2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0;
        if (byte >= 0x20 && byte != 0x7f && !c1) {
            out += text[at];
            continue;
        }
        if (byte == '\n' || byte == '\t') {
            out += ' ';
            continue;
        }
        out += {'\\', 'x', kHex[byte >> 4U], kHex[byte & 15U]};
    }
    return out;
}

int exit_code(ErrorKind kind, CodeStyle style) {
    switch (kind) {
        case ErrorKind::CannotInvoke:
            return 126;
        case ErrorKind::CommandNotFound:
            return 127;
        case ErrorKind::NotFound:
            return style == CodeStyle::Removal ? 1 : kEngineFailure;
        case ErrorKind::Conflict:
            return style == CodeStyle::Removal ? 2 : kEngineFailure;
        case ErrorKind::InvalidArgument:
        case ErrorKind::AlreadyExists:
        case ErrorKind::Permission:
        case ErrorKind::Unsupported:
        case ErrorKind::Unavailable:
        case ErrorKind::Corrupt:
        case ErrorKind::NoSpace:
        case ErrorKind::Timeout:
        case ErrorKind::System:
        case ErrorKind::Internal:
            break;
    }
    return kEngineFailure;
}

std::string error_line(const Error& error) {
    std::string line = "Error: " + on_one_line(error.message);
    if (!error.fix.empty()) line += "; " + on_one_line(error.fix);
    return line + "\n";
}

}  // namespace dhow::cli
