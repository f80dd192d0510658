// SPDX-License-Identifier: Apache-2.0
#include "engine/log_reader.h"

#include "shim/log_writer.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <cstdio>

#include <unistd.h>

namespace dhow::engine {
namespace {

constexpr UnixNanos kSecond = 1'000'000'000;

std::string line(int64_t second, const std::string& rest) {
    return format_rfc3339(second * kSecond) + " " + rest + "\n";
}

class LogReaderTest : public testing::Test {
  protected:
    // Each record as "text" plus "\n" when its line ends; stderr in brackets.
    std::string read(const LogQuery& query = {}) {
        std::string seen;
        const auto status = read_log_file(dir_ / "log", query, [&](const LogRecord& record) {
            seen += record.is_stderr ? "[" + record.text + "]" : record.text;
            if (!record.partial) seen += "\n";
            return true;
        });
        EXPECT_TRUE(status) << status.error().message;
        return seen;
    }

    std::string tail(int64_t lines) { return read({.tail = lines}); }

    test::TempDir dir_;
};

TEST_F(LogReaderTest, AMissingLogIsEmpty) {
    EXPECT_EQ(read(), "");
    EXPECT_EQ(tail(5), "");
    dir_.write("log", "");
    EXPECT_EQ(read(), "");
}

TEST_F(LogReaderTest, StreamsAndPartialLines) {
    dir_.write("log",
               line(1, "stdout P a") + line(1, "stderr F e") + line(2, "stdout F b") +
                   line(3, "stdout F "));
    EXPECT_EQ(read(), "a[e]\nb\n\n");
    EXPECT_EQ(read({.stderr_wanted = false}), "ab\n\n");
    EXPECT_EQ(read({.stdout_wanted = false}), "[e]\n");
}

TEST_F(LogReaderTest, SinceAndUntilIncludeTheirMoment) {
    std::string log;
    for (int second = 1; second <= 5; ++second) {
        log += line(second, "stdout F " + std::to_string(second));
    }
    dir_.write("log", log);
    EXPECT_EQ(read({.since = 4 * kSecond}), "4\n5\n");
    EXPECT_EQ(read({.since = 4 * kSecond + 1}), "5\n");
    EXPECT_EQ(read({.until = 2 * kSecond}), "1\n2\n");
    EXPECT_EQ(read({.since = 2 * kSecond, .until = 4 * kSecond}), "2\n3\n4\n");
    EXPECT_EQ(read({.since = 9 * kSecond}), "");
    EXPECT_EQ(read({.until = 0}), "");
    EXPECT_EQ(read({.tail = 1, .until = 3 * kSecond}), "3\n");
}

TEST_F(LogReaderTest, TailCountsLinesAndCutsNone) {
    dir_.write("log",
               line(1, "stdout F one") + line(2, "stdout P two") + line(2, "stdout P two") +
                   line(2, "stdout F two") + line(3, "stdout P three"));
    EXPECT_EQ(tail(0), "");
    EXPECT_EQ(tail(1), "three");
    EXPECT_EQ(tail(2), "twotwotwo\nthree");
    EXPECT_EQ(tail(3), "one\ntwotwotwo\nthree");
    EXPECT_EQ(tail(1000), "one\ntwotwotwo\nthree");
}

TEST_F(LogReaderTest, TailKnowsTheStreamsApart) {
    dir_.write("log",
               line(1, "stdout P o1") + line(1, "stderr P e1") + line(1, "stdout F o2") +
                   line(1, "stderr F e2"));
    EXPECT_EQ(tail(2), "o1[e1]o2\n[e2]\n");
    EXPECT_EQ(tail(1), "[e1][e2]\n");  // no half of the line that was dropped
    EXPECT_EQ(read({.tail = 1, .stderr_wanted = false}), "o1o2\n");
}

TEST_F(LogReaderTest, TheRotatedPartComesFirst) {
    dir_.write("log.1", line(1, "stdout F old") + line(2, "stdout F older"));
    dir_.write("log", line(3, "stdout F new"));
    EXPECT_EQ(read(), "old\nolder\nnew\n");
    EXPECT_EQ(tail(2), "older\nnew\n");
    EXPECT_EQ(read({.tail = 1, .until = 1 * kSecond}), "old\n");  // ends within the old part
    ASSERT_TRUE(remove_file_at(dir_.fd(), "log"));
    EXPECT_EQ(tail(1), "older\n");
}

TEST_F(LogReaderTest, HalfALineAtTheRotationSpoilsNoOther) {
    dir_.write("log.1", line(1, "stdout F old") + "1970-01-01T00:00:01.000000000Z stdout F cut o");
    dir_.write("log", line(3, "stdout F new"));
    EXPECT_EQ(read(), "old\nnew\n");
}

TEST_F(LogReaderTest, DamageIsSkipped) {
    using namespace std::string_literals;
    dir_.write("log",
               "garbage\n"s + line(1, "stdout F good") + "\n\0\0\n"s + "\xff\xfe\n" +
                   line(2, "stdin F x") + "9999-99-99T00:00:00Z stdout F x\n" +
                   line(3, "stdout F last") + "1970-01-01T00:00:04Z stdout F unfinished");
    EXPECT_EQ(read(), "good\nlast\n");
}

// No byte of a line that is too long is taken for another line's beginning.
TEST_F(LogReaderTest, AnEndlessLineIsSkippedToItsEnd) {
    const std::string forged = line(2, "stdout F forged").substr(1);
    for (const size_t length : {size_t{1U << 20U}, size_t{(1U << 20U) + 1}, size_t{3U << 20U}}) {
        dir_.write("log",
                   line(1, "stdout F before") + std::string(length, 'x') +
                       std::string(5U << 20U, 'y') + forged + line(3, "stdout F after"));
        EXPECT_EQ(read(), "before\nafter\n");
    }
    // Wherever the reader gives up, what follows is not a line.
    dir_.write("log",
               std::string((1U << 20U) + 65536, 'x') + line(2, "stdout F forged") +
                   line(3, "stdout F after"));
    EXPECT_EQ(read(), "after\n");
}

TEST_F(LogReaderTest, TheReaderMayHaveEnough) {
    dir_.write("log.1", line(1, "stdout F a") + line(1, "stdout F b"));
    dir_.write("log", line(1, "stdout F c"));
    for (const auto& tail : {std::optional<int64_t>(), std::optional<int64_t>(9)}) {
        int seen = 0;
        ASSERT_TRUE(read_log_file(
            dir_ / "log", {.tail = tail}, [&](const LogRecord&) { return ++seen < 2; }));
        EXPECT_EQ(seen, 2);
    }
}

TEST_F(LogReaderTest, FollowsNoLink) {
    dir_.write("elsewhere", line(1, "stdout F secret"));
    ASSERT_EQ(::symlink("elsewhere", (dir_ / "log").c_str()), 0);
    EXPECT_FALSE(read_log_file(dir_ / "log", {}, [](const LogRecord&) { return true; }));
}

// A growing log, rotated under the reader again and again: nothing is lost, nothing comes twice.
TEST_F(LogReaderTest, FollowingLosesNothingAtRotations) {
    auto writer = shim::LogWriter::open(dir_ / "log", 400).take();
    writer.write(false, "0\n");
    int written = 1;
    std::string seen;
    std::string wanted = "0\n";
    const LogQuery query{.may_grow = [&] {
        // Between two looks of the reader: a few lines, sometimes over the bound.
        for (int i = 0; i < 5 && written < 200; ++i, ++written) {
            writer.write(false, std::to_string(written) + "\n");
            wanted += std::to_string(written) + "\n";
        }
        return written < 200;
    }};
    ASSERT_TRUE(read_log_file(dir_ / "log", query, [&](const LogRecord& record) {
        seen += record.text + "\n";
        return true;
    }));
    EXPECT_EQ(seen, wanted);
}

TEST_F(LogReaderTest, FollowingEndsWithTheSinkOrTheContainer) {
    dir_.write("log", line(1, "stdout F a"));
    int asked = 0;
    EXPECT_EQ(read({.may_grow = [&] { return ++asked < 2; }}), "a\n");
    EXPECT_EQ(asked, 2);
    ASSERT_TRUE(read_log_file(
        dir_ / "log", {.may_grow = [] { return true; }}, [](const LogRecord&) { return false; }));
}

}  // namespace
}  // namespace dhow::engine
