// SPDX-License-Identifier: Apache-2.0
// Result<T>: the value of an operation, or the Error that prevented it. Every library of dhow
// returns it; none throws, prints or exits. Errors are values because they cross processes (shim,
// runtime, transfer) and HTTP, and because an exception unwinding in a cloned child would run its
// parent's destructors.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dhow {

// Closed set: cmd/dhow maps each kind once to an exit code, cmd/api once to an HTTP status.
enum class ErrorKind {
    InvalidArgument,
    NotFound,
    AlreadyExists,
    Conflict,
    Permission,
    Unsupported,
    Unavailable,
    Corrupt,
    NoSpace,
    Timeout,
    CannotInvoke,     // the container's command exists and cannot be run: exit code 126
    CommandNotFound,  // the container's command does not exist: exit code 127
    System,           // a system call failed; sys_errno says why
    Internal,         // a broken invariant of dhow itself
};

// message: lower case, no full stop, says what was attempted and on what ("mount overlay on
// 'merged': permission denied"). fix: what the user can do about it; empty when none is known.
struct Error {
    ErrorKind kind = ErrorKind::Internal;
    int sys_errno = 0;
    std::string message;
    std::string fix;

    // Prepends what the caller was doing: "<what>: <message>".
    [[nodiscard]] Error context(std::string_view what) &&;
    [[nodiscard]] Error with_fix(std::string_view hint) &&;
};

// An Error of the kind that fits `saved_errno`, its message "<what>: <strerror>".
[[nodiscard]] Error system_error(std::string_view what, int saved_errno);
// Same, taking errno as it is now.
[[nodiscard]] Error system_error(std::string_view what);
[[nodiscard]] Error make_error(ErrorKind kind, std::string message, std::string fix = {});

std::string_view kind_name(ErrorKind kind);

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T from) : value_(std::move(from)) {}  // NOLINT(google-explicit-constructor)

    Result(Error from) : error_(std::move(from)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const { return value_.has_value(); }

    explicit operator bool() const { return has_value(); }

    T& value() & {
        assert(value_);
        return *value_;
    }

    const T& value() const& {
        assert(value_);
        return *value_;
    }

    T take() {
        assert(value_);
        return std::move(*value_);
    }

    T& operator*() & { return value(); }

    const T& operator*() const& { return value(); }

    T* operator->() { return &value(); }

    const T* operator->() const { return &value(); }

    Error& error() & { return error_; }

    const Error& error() const& { return error_; }

    Error error() && { return std::move(error_); }

    T value_or(T other) && { return value_ ? std::move(*value_) : std::move(other); }

  private:
    std::optional<T> value_;
    Error error_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;

    Result(Error from) : error_(std::move(from)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const { return !error_.has_value(); }

    explicit operator bool() const { return has_value(); }

    void take() const {}

    Error& error() & { return *error_; }

    const Error& error() const& { return *error_; }

    Error error() && { return std::move(*error_); }

  private:
    std::optional<Error> error_;
};

using Status = Result<void>;

// Says in code that a result is dropped on purpose, and why.
template <class T>
void ignore(const T& /*result*/, const char* /*why*/) {}

}  // namespace dhow

// TRY(expr): the value of a Result, or returns its Error from the enclosing function. Not nested
// in one expression.
#define TRY(expr)                                                                           \
    __extension__({                                                                         \
        auto try_result_ = (expr);                                                          \
        if (!try_result_.has_value()) return ::dhow::Error(std::move(try_result_).error()); \
        try_result_.take();                                                                 \
    })

// TRY_CONTEXT(expr, what): as TRY, with `what` put before the message.
#define TRY_CONTEXT(expr, what)                                                 \
    __extension__({                                                             \
        auto try_result_ = (expr);                                              \
        if (!try_result_.has_value())                                           \
            return ::dhow::Error(std::move(try_result_).error()).context(what); \
        try_result_.take();                                                     \
    })
