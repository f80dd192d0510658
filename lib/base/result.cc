// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace dhow {

Error Error::context(std::string_view what) && {
    message = std::string(what) + ": " + message;
    return std::move(*this);
}

Error Error::with_fix(std::string_view hint) && {
    fix = hint;
    return std::move(*this);
}

static ErrorKind kind_of_errno(int code) {
    switch (code) {
        case ENOENT:
            return ErrorKind::NotFound;
        case EEXIST:
            return ErrorKind::AlreadyExists;
        case EPERM:
        case EACCES:
        case EROFS:
            return ErrorKind::Permission;
        case ENOSPC:
        case EDQUOT:
            return ErrorKind::NoSpace;
        case ETIMEDOUT:
            return ErrorKind::Timeout;
        default:
            return ErrorKind::System;
    }
}

// Lower case, as every message of dhow: strerrordesc_np starts with a capital.
static std::string errno_text(int code) {
    const char* text = strerrordesc_np(code);
    if (text == nullptr) return "errno " + std::to_string(code);
    std::string lowered(text);
    if (lowered.size() > 1 && lowered[1] >= 'a') {
        lowered[0] = static_cast<char>(lowered[0] >= 'A' && lowered[0] <= 'Z' ? lowered[0] + 32
                                                                              : lowered[0]);
    }
    return lowered;
}

Error system_error(std::string_view what, int saved_errno) {
    return Error{.kind = kind_of_errno(saved_errno),
                 .sys_errno = saved_errno,
                 .message = std::string(what) + ": " + errno_text(saved_errno),
                 .fix = {}};
}

Error system_error(std::string_view what) {
    return system_error(what, errno);
}

Error make_error(ErrorKind kind, std::string message, std::string fix) {
    return Error{.kind = kind, .message = std::move(message), .fix = std::move(fix)};
}

static constexpr std::string_view kKindNames[] = {
    "invalid_argument",
    "not_found",
    "already_exists",
    "conflict",
    "permission",
    "unsupported",
    "unavailable",
    "corrupt",
    "no_space",
    "timeout",
    "cannot_invoke",
    "command_not_found",
    "system",
    "internal",
};

std::string_view kind_name(ErrorKind kind) {
    return kKindNames[static_cast<int>(kind)];
}

}  // namespace dhow
