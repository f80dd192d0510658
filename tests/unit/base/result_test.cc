// SPDX-License-Identifier: Apache-2.0
// Result, Error and UniqueFd: what every other library rests on.
#include "base/result.h"

#include "base/error_wire.h"
#include "base/unique_fd.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string>

#include <fcntl.h>

namespace dhow {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) return make_error(ErrorKind::InvalidArgument, "odd", "give an even one");
    return number / 2;
}

Result<std::string> quarter(int number, int& reached) {
    const int once = TRY(half(number));
    ++reached;
    const int twice = TRY_CONTEXT(half(once), "second half");
    ++reached;
    return std::to_string(twice);
}

Status check_only(int number) {
    TRY(half(number));
    return {};
}

TEST(Result, TryGivesTheValueOrLeavesWithTheError) {
    int reached = 0;
    EXPECT_EQ(*quarter(12, reached), "3");
    EXPECT_EQ(reached, 2);

    reached = 0;
    const auto first = quarter(7, reached);
    ASSERT_FALSE(first);
    EXPECT_EQ(reached, 0);
    EXPECT_EQ(first.error().kind, ErrorKind::InvalidArgument);
    EXPECT_EQ(first.error().message, "odd");
    EXPECT_EQ(first.error().fix, "give an even one");

    const auto second = quarter(6, reached);
    ASSERT_FALSE(second);
    EXPECT_EQ(reached, 1);
    EXPECT_EQ(second.error().message, "second half: odd");
    EXPECT_EQ(second.error().fix, "give an even one");

    EXPECT_TRUE(check_only(2));
    EXPECT_EQ(check_only(1).error().message, "odd");
}

TEST(Result, TryMovesWhatCannotBeCopied) {
    const auto outer = []() -> Result<std::unique_ptr<int>> {
        auto inner = TRY(Result<std::unique_ptr<int>>(std::make_unique<int>(7)));
        *inner += 1;
        return inner;
    };
    auto result = outer();
    ASSERT_TRUE(result);
    const auto owned = result.take();
    EXPECT_EQ(*owned, 8);
}

TEST(Result, ValueOrAndAFalseValueThatIsNoError) {
    EXPECT_EQ(half(4).value_or(9), 2);
    EXPECT_EQ(half(3).value_or(9), 9);
    const Result<bool> no = false;
    ASSERT_TRUE(no.has_value());
    EXPECT_FALSE(*no);
}

TEST(Error, KindFollowsErrno) {
    EXPECT_EQ(system_error("x", ENOENT).kind, ErrorKind::NotFound);
    EXPECT_EQ(system_error("x", EEXIST).kind, ErrorKind::AlreadyExists);
    for (const int code : {EPERM, EACCES, EROFS}) {
        EXPECT_EQ(system_error("x", code).kind, ErrorKind::Permission);
    }
    for (const int code : {ENOSPC, EDQUOT}) {
        EXPECT_EQ(system_error("x", code).kind, ErrorKind::NoSpace);
    }
    EXPECT_EQ(system_error("x", ETIMEDOUT).kind, ErrorKind::Timeout);
    EXPECT_EQ(system_error("x", EBUSY).kind, ErrorKind::System);
    errno = EMFILE;
    EXPECT_EQ(system_error("x").sys_errno, EMFILE);
}

TEST(Error, MessagesAreInLowerCaseAndNameUnknownNumbers) {
    EXPECT_EQ(system_error("open 'a'", EACCES).message, "open 'a': permission denied");
    EXPECT_EQ(system_error("x", 99999).message, "x: errno 99999");
    // An abbreviation keeps its capitals.
    EXPECT_EQ(system_error("x", ENOTSUP).message.find("x: o"), 0U);
    EXPECT_EQ(system_error("x", EIO).message, "x: input/output error");
}

TEST(Error, EachKindHasItsOwnName) {
    std::set<std::string_view> names;
    for (int kind = 0; kind <= static_cast<int>(ErrorKind::Internal); ++kind) {
        names.insert(kind_name(static_cast<ErrorKind>(kind)));
    }
    EXPECT_EQ(names.size(), static_cast<size_t>(ErrorKind::Internal) + 1);
    EXPECT_FALSE(names.contains(""));
}

TEST(ErrorWire, EveryKindSurvives) {
    for (int kind = 0; kind <= static_cast<int>(ErrorKind::Internal); ++kind) {
        const Error before{.kind = static_cast<ErrorKind>(kind),
                           .sys_errno = kind * 7,
                           .message = "a: 'b'\n\xff",
                           .fix = kind % 2 == 0 ? "" : "do this"};
        const Error after = decode_error(encode_error(before));
        EXPECT_EQ(after.kind, before.kind);
        EXPECT_EQ(after.sys_errno, before.sys_errno);
        EXPECT_EQ(after.message, before.message);
        EXPECT_EQ(after.fix, before.fix);
    }
}

TEST(ErrorWire, ANulInAMessageCannotShiftTheFields) {
    const auto error = make_error(ErrorKind::NotFound, std::string("ab\0cd", 5), "fix");
    const Error after = decode_error(encode_error(error));
    EXPECT_EQ(after.kind, ErrorKind::NotFound);
    EXPECT_EQ(after.message, "ab");
    EXPECT_EQ(after.fix, "fix");
}

TEST(ErrorWire, WhatIsNoErrorIsQuoted) {
    const std::string whole = encode_error(make_error(ErrorKind::Conflict, "m", "f"));
    for (size_t length = 0; length < whole.size(); ++length) {
        const Error error = decode_error(std::string_view(whole).substr(0, length));
        EXPECT_EQ(error.kind, ErrorKind::Internal) << length;
    }
    using namespace std::string_view_literals;
    for (const auto bytes : {"conflict\0x\0m\0f\0"sv,
                             "conflict\0\0m\0f\0"sv,
                             "strange\0001\0m\0f\0"sv,
                             "conflict\00099999999999\0m\0f\0"sv}) {
        EXPECT_EQ(decode_error(bytes).kind, ErrorKind::Internal);
    }
    EXPECT_NE(decode_error("Killed\n\x1b[2J").message.find("Killed\\x0a\\x1b[2J"),
              std::string::npos);
    EXPECT_LT(decode_error(std::string(100'000, 'x')).message.size(), 500U);
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

int open_null() {
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST(UniqueFd, ClosesOnceAndOnlyItsOwn) {
    int first = -1;
    int second = -1;
    {
        UniqueFd one(open_null());
        UniqueFd two(open_null());
        first = one.get();
        second = two.get();
        one = std::move(two);
        EXPECT_FALSE(is_open(first));
        EXPECT_TRUE(is_open(second));
        EXPECT_FALSE(two.valid());  // NOLINT(bugprone-use-after-move): its state is the point
        EXPECT_EQ(one.get(), second);
    }
    EXPECT_FALSE(is_open(second));
}

TEST(UniqueFd, SelfMoveReleaseAndReset) {
    UniqueFd fd(open_null());
    const int number = fd.get();
    UniqueFd& alias = fd;
    fd = std::move(alias);
    EXPECT_EQ(fd.get(), number);
    EXPECT_TRUE(is_open(number));
    EXPECT_EQ(fd.release(), number);
    EXPECT_FALSE(fd);
    EXPECT_TRUE(is_open(number));
    fd.reset(number);
    fd.reset();
    EXPECT_FALSE(is_open(number));
    fd.reset();
    EXPECT_EQ(fd.get(), -1);
}

}  // namespace
}  // namespace dhow
