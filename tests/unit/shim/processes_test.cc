// SPDX-License-Identifier: Apache-2.0
// Children and their ends, the streams' ends, and what the kernel says of memory that ran out.
#include "base/file.h"
#include "shim/oom.h"
#include "shim/reaper.h"
#include "shim/stdio.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <map>

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow::shim {
namespace {

using test::TempDir;

SpawnOptions shell(const std::string& script) {
    return {.program = "/bin/sh", .argv = {"sh", "-c", script}};
}

TEST(Reaper, TellsEachEndOnce) {
    std::map<pid_t, WaitStatus> wanted;
    const auto start = [&](const std::string& script, WaitStatus status) {
        auto child = spawn(shell(script));
        ASSERT_TRUE(child);
        EXPECT_TRUE(*wait_for_end(child->pidfd(), std::nullopt));
        wanted[child->pid()] = status;
        child->detach();
    };
    start("exit 0", {WaitStatus::Kind::Exited, 0});
    start("exit 7", {WaitStatus::Kind::Exited, 7});
    start("kill -KILL $$", {WaitStatus::Kind::Signaled, SIGKILL});
    auto runs = spawn(shell("exec sleep 60"));
    ASSERT_TRUE(runs);
    size_t told = 0;
    reap_ended_children([&](pid_t pid, const WaitStatus& status) {
        ++told;
        ASSERT_TRUE(wanted.contains(pid));
        EXPECT_EQ(status.kind, wanted[pid].kind);
        EXPECT_EQ(status.value, wanted[pid].value);
    });
    EXPECT_EQ(told, 3U);
    reap_ended_children([&](pid_t, const WaitStatus&) { ADD_FAILURE() << "none is left"; });
}

TEST(Reaper, EndsChildrenAndWhatTheyLeaveBehind) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    auto child = spawn(
        shell("trap '' TERM HUP; (sleep 60 & sleep 60 & (sleep 60 & sleep 60) & wait) & sleep 60"));
    auto stopped = spawn(shell("kill -STOP $$; sleep 60"));
    auto ended = spawn(shell("exit 0"));
    ASSERT_TRUE(child && stopped && ended);
    ::usleep(50'000);
    child->detach();
    stopped->detach();
    ended->detach();
    end_all_children();
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    end_all_children();
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(Stdio, AContainerThatWritesToNobodyWaitsAndLosesNothing) {
    const TempDir dir;
    {
        auto stdio = make_stdio(dir.fd(), false);
        ASSERT_TRUE(stdio);
        EXPECT_FALSE(stdio->input);
        EXPECT_FALSE(stdio->terminal);
        ASSERT_TRUE(write_all(stdio->child_output.get(), "out"));
        ASSERT_TRUE(write_all(stdio->child_errors.get(), "err"));
        // The reader goes, as a killed shim would; another opens the same FIFOs.
        stdio->output.reset();
        stdio->errors.reset();
        ASSERT_TRUE(write_all(stdio->child_output.get(), "more"));
        auto again = make_stdio(dir.fd(), false);
        ASSERT_TRUE(again);
        char text[32] = {};
        EXPECT_EQ(::read(again->output.get(), text, sizeof text), 7);
        EXPECT_EQ(std::string(text), "outmore");
        EXPECT_EQ(::read(again->output.get(), text, sizeof text), -1);
        EXPECT_EQ(errno, EAGAIN);
    }

    struct stat st {};

    ASSERT_EQ(::stat((dir / "stdout").c_str(), &st), 0);
    EXPECT_TRUE(S_ISFIFO(st.st_mode));
    EXPECT_EQ(st.st_mode & 07777U, 0600U);
}

TEST(Stdio, AFileOrLinkInTheirPlaceIsNotUsed) {
    const TempDir dir;
    dir.write("victim", "");
    ASSERT_EQ(::symlink("victim", (dir / "stdout").c_str()), 0);
    EXPECT_FALSE(make_stdio(dir.fd(), false));
}

TEST(Stdio, InputEndsWithItsWriter) {
    const TempDir dir;
    auto stdio = make_stdio(dir.fd(), true);
    ASSERT_TRUE(stdio);
    ASSERT_TRUE(write_all(stdio->input.get(), "typed"));
    stdio->input.reset();
    EXPECT_EQ(*read_all(stdio->child_input.get()), "typed");
    // Without stdin it is empty from the start.
    auto none = make_stdio(dir.fd(), false);
    EXPECT_EQ(*read_all(none->child_input.get()), "");
}

TEST(Stdio, WindowSize) {
    const UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(master);
    ASSERT_TRUE(set_window_size(master.get(), 40, 120));
    winsize size{};
    ASSERT_EQ(::ioctl(master.get(), TIOCGWINSZ, &size), 0);
    EXPECT_EQ(size.ws_row, 40);
    EXPECT_EQ(size.ws_col, 120);
    const TempDir dir;
    EXPECT_FALSE(set_window_size(dir.fd(), 1, 1));
}

TEST(Oom, EventFilesFollowFromTheGroup) {
    using Files = std::vector<std::string>;
    EXPECT_EQ(oom_event_files("4:memory:/a/b"),
              Files{"/sys/fs/cgroup/memory/a/b/memory.oom_control"});
    EXPECT_EQ(oom_event_files("0::/user.slice/dhow-1"),
              (Files{"/sys/fs/cgroup/user.slice/dhow-1/memory.events",
                     "/sys/fs/cgroup/unified/user.slice/dhow-1/memory.events"}));
    // systemd escapes into names what their users put there: colons and dots included.
    EXPECT_EQ(oom_event_files("0::/a:b..c/x:").size(), 2U);
    for (const char* line : {"",
                             "0",
                             "0:",
                             "0::",
                             "0::relative",
                             "3:cpu,cpuacct:/a",
                             "2:pids:/a",
                             "0::/../a",
                             "0::/a/..",
                             "4:memory:/../..",
                             "1:name=systemd:/a"}) {
        EXPECT_TRUE(oom_event_files(line).empty()) << line;
    }
}

TEST(Oom, CountsKillsOfBothVersions) {
    EXPECT_EQ(parse_oom_kills("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n"), 2U);
    EXPECT_EQ(parse_oom_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 5\n"), 5U);
    EXPECT_EQ(parse_oom_kills("oom_kill_disable 0\nunder_oom 0\n"), std::nullopt);
    EXPECT_EQ(parse_oom_kills(""), std::nullopt);
    EXPECT_EQ(parse_oom_kills("oom_kill\n"), std::nullopt);
    EXPECT_EQ(parse_oom_kills("oom_kill x\n"), std::nullopt);
    EXPECT_EQ(parse_oom_kills("oom_kill 99999999999999999999999\n"), std::nullopt);
}

TEST(Oom, NothingIsSaidOfASharedGroupOrAProcessThatIsGone) {
    OomWatch watch;
    EXPECT_FALSE(watch.killed());
    watch.begin(::getpid());
    EXPECT_FALSE(watch.killed());
    watch.begin(999'999'999);
    EXPECT_FALSE(watch.killed());
}

}  // namespace
}  // namespace dhow::shim
