// SPDX-License-Identifier: Apache-2.0
// The container's log: its format, and the writer that bounds it.
#include "base/text.h"
#include "shim/k8s_log.h"
#include "shim/log_writer.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <csignal>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow::shim {
namespace {

using namespace std::string_view_literals;
using test::TempDir;

std::string lines_of(std::string_view chunk, bool is_stderr = false) {
    std::string out;
    append_log_lines(out, 0, is_stderr, chunk);
    return out;
}

const std::string kOut = "1970-01-01T00:00:00.000000000Z stdout ";
const std::string kErr = "1970-01-01T00:00:00.000000000Z stderr ";

TEST(K8sLog, WholeAndPartialLines) {
    EXPECT_EQ(lines_of(""), "");
    EXPECT_EQ(lines_of("a\n"), kOut + "F a\n");
    EXPECT_EQ(lines_of("\n\n"), kOut + "F \n" + kOut + "F \n");
    EXPECT_EQ(lines_of("a\nb", true), kErr + "F a\n" + kErr + "P b\n");
    EXPECT_EQ(lines_of(" a \r\n"), kOut + "F  a \r\n");
}

TEST(K8sLog, EveryByteComesBack) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    bytes += "\0\0 stdout F fake\n"sv;
    bytes += std::string(100'000, 'x');
    std::string log = lines_of(bytes);
    std::string back;
    std::string_view rest = log;
    while (!rest.empty()) {
        const size_t end = rest.find('\n');
        ASSERT_NE(end, std::string_view::npos);
        const auto line = parse_log_line(rest.substr(0, end));
        ASSERT_TRUE(line);
        back += line->text;
        if (!line->partial) back += '\n';
        rest.remove_prefix(end + 1);
    }
    EXPECT_EQ(back, bytes);
}

TEST(K8sLog, Parses) {
    const auto line = parse_log_line("2026-01-31T08:09:10.123456789Z stderr P a b ");
    ASSERT_TRUE(line);
    EXPECT_EQ(format_rfc3339(line->time), "2026-01-31T08:09:10.123456789Z");
    EXPECT_TRUE(line->is_stderr);
    EXPECT_TRUE(line->partial);
    EXPECT_EQ(line->text, "a b ");
    EXPECT_EQ(parse_log_line(kOut + "F ")->text, "");
    // Others write an offset.
    EXPECT_TRUE(parse_log_line("2026-01-31T08:09:10.1+01:00 stdout F x"));
}

TEST(K8sLog, DamagedLinesAreNoLines) {
    for (const std::string& line : {std::string(),
                                    std::string(" "),
                                    std::string("x"),
                                    kOut,
                                    kOut + "F",
                                    kOut + "P",
                                    kOut + "X a",
                                    kOut + " F a",
                                    std::string("stdout F a"),
                                    std::string("1970-01-01 stdout F a"),
                                    std::string("1970-01-01T00:00:00Z stdin F a"),
                                    std::string("1970-01-01T00:00:00Z  stdout F a"),
                                    "garbage" + kOut + "F a",
                                    std::string(1000, '\0')}) {
        EXPECT_FALSE(parse_log_line(line)) << printable(line);
    }
}

TEST(LogWriter, AppendsPrivatelyAndKeepsWhatWasThere) {
    const TempDir dir;
    {
        auto log = LogWriter::open(dir / "log", 0);
        ASSERT_TRUE(log);
        log->write(false, "one\ntw");
        log->write(false, "o\n");
        log->write(true, "bad\n");
    }
    {
        auto log = LogWriter::open(dir / "log", 0);
        log->write(false, "three\n");
    }
    std::string seen;
    for (const std::string& text : split(trim(dir.read("log")), '\n')) {
        const auto line = parse_log_line(text);
        ASSERT_TRUE(line) << text;
        seen += line->is_stderr ? "E" : "O";
        seen += line->partial ? "P:" : "F:";
        seen += std::string(line->text) + "|";
    }
    EXPECT_EQ(seen, "OF:one|OP:tw|OF:o|EF:bad|OF:three|");

    struct stat st {};

    ASSERT_EQ(::stat((dir / "log").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777U, 0600U);
}

TEST(LogWriter, NoPathNoLog) {
    auto log = LogWriter::open("", 10);
    ASSERT_TRUE(log);
    log->write(false, "x\n");
    const TempDir dir;
    EXPECT_FALSE(LogWriter::open(dir / "missing/log", 0));
    ASSERT_EQ(::symlink("elsewhere", (dir / "link").c_str()), 0);
    EXPECT_FALSE(LogWriter::open(dir / "link", 0));
}

TEST(LogWriter, IsBoundedAndKeepsTheNewest) {
    const TempDir dir;
    auto log = LogWriter::open(dir / "log", 1000);
    ASSERT_TRUE(log);
    for (int i = 0; i < 200; ++i) log->write(false, "line " + std::to_string(i) + "\n");
    const std::string now = dir.read("log");
    const std::string old = dir.read("log.1");
    EXPECT_LE(now.size(), 1000U);
    EXPECT_LE(old.size(), 1000U);
    EXPECT_GT(old.size(), 900U);
    EXPECT_EQ(list_dir_at(dir.fd(), ".")->size(), 2U);
    EXPECT_TRUE(now.ends_with("line 199\n"));
    // Nothing is missing between the two.
    const auto first_of = [](const std::string& text, size_t at) {
        return parse_int<int>(text.substr(at + 5, text.find('\n', at) - at - 5)).value_or(-1);
    };
    EXPECT_EQ(first_of(old, old.rfind("line ")) + 1, first_of(now, now.find("line ")));
}

TEST(LogWriter, TheBoundCountsWhatIsThereAlready) {
    const TempDir dir;
    dir.write("log", std::string(999, 'x') + "\n", 0600);
    auto log = LogWriter::open(dir / "log", 1000);
    log->write(false, "new\n");
    EXPECT_EQ(dir.read("log.1").size(), 1000U);
    EXPECT_TRUE(dir.read("log").ends_with("F new\n"));
    // A record larger than the bound is kept alone rather than lost.
    log->write(false, std::string(5000, 'y') + "\n");
    EXPECT_GT(dir.read("log").size(), 5000U);
}

// A shim that was killed in the middle of a record, then a new one.
TEST(LogWriter, NeverContinuesATornRecord) {
    const TempDir dir;
    dir.write("log", kOut + "F whole\n" + kOut + "F to", 0600);
    auto log = LogWriter::open(dir / "log", 0);
    ASSERT_TRUE(log);
    log->write(false, "next\n");
    log->write(false, "last\n");
    const auto lines = split(trim(dir.read("log")), '\n');
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_EQ(parse_log_line(lines[2])->text, "next");
    EXPECT_EQ(parse_log_line(lines[3])->text, "last");
}

// A disk that is full for a while: what comes afterwards is whole again.
TEST(LogWriter, AFullDiskLosesLinesOnly) {
    const TempDir dir;
    const pid_t child = ::fork();
    if (child == 0) {
        struct sigaction ignored {};

        ignored.sa_handler = SIG_IGN;
        ::sigaction(SIGXFSZ, &ignored, nullptr);
        auto log = LogWriter::open(dir / "log", 0);
        if (!log) ::_exit(1);
        log->write(false, "before\n");
        rlimit limit{.rlim_cur = 100, .rlim_max = RLIM_INFINITY};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        limit.rlim_cur = 100;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        log->write(false, std::string(1000, 'l') + "\n");
        log->write(false, "lost\n");
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        log->write(false, "after\n");
        ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    const auto lines = split(trim(dir.read("log")), '\n');
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(parse_log_line(lines.front())->text, "before");
    EXPECT_EQ(parse_log_line(lines.back())->text, "after");
}

}  // namespace
}  // namespace dhow::shim
