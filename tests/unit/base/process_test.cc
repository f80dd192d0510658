// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include "base/file.h"
#include "base/text.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dhow {
namespace {

using namespace std::chrono_literals;
using test::TempDir;

SpawnOptions shell(const std::string& script) {
    return {.program = "/bin/sh",
            .argv = {"sh", "-c", script},
            .env = std::vector<std::string>{"PATH=/usr/bin:/bin"}};
}

std::string output_of(SpawnOptions options) {
    const auto result = run_captured(std::move(options));
    return result ? result->out : result.error().message;
}

TEST(Spawn, GivesArgumentsAndEnvironmentAsTheyAre) {
    auto options = shell("printf '%s|' \"$0\" \"$@\" \"$A\" \"$HOME\"");
    options.argv.insert(options.argv.end(), {"zero", "", "two words", "a'\"$b\n"});
    options.env->emplace_back("A=x=y");
    EXPECT_EQ(output_of(options), "zero||two words|a'\"$b\n|x=y||");
}

TEST(Spawn, InheritsTheEnvironmentWhereNoneIsGiven) {
    ::setenv("DHOW_TEST_INHERITED", "yes", 1);
    auto options = shell("echo $DHOW_TEST_INHERITED");
    options.env.reset();
    EXPECT_EQ(output_of(options), "yes\n");
    ::unsetenv("DHOW_TEST_INHERITED");
}

TEST(Spawn, AFailedExecIsAnErrorWithItsErrno) {
    const TempDir dir;
    const auto missing = spawn({.program = dir / "missing", .argv = {"x"}});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
    EXPECT_EQ(missing.error().message,
              "execute '" + (dir / "missing") + "': no such file or directory");
    dir.write("plain", "#!/bin/sh\n", 0644);
    EXPECT_EQ(spawn({.program = dir / "plain", .argv = {"x"}}).error().sys_errno, EACCES);
    dir.write("damaged",
              "\x7f"
              "ELF",
              0755);
    EXPECT_EQ(spawn({.program = dir / "damaged", .argv = {"x"}}).error().sys_errno, ENOEXEC);
    auto options = shell("true");
    options.working_dir = dir / "nowhere";
    const auto lost = spawn(options);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().message.find("enter '"), 0U);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // none of them is left as a zombie
    EXPECT_EQ(errno, ECHILD);
}

TEST(Spawn, WorkingFolder) {
    const TempDir dir;
    auto options = shell("pwd");
    options.working_dir = dir.path();
    EXPECT_EQ(output_of(options), dir.path() + "\n");
}

TEST(Spawn, NoDescriptorLeaksAndTargetsMayCollideWithSources) {
    const TempDir dir;
    dir.write("a", "A");
    dir.write("b", "B");
    // Born without CLOEXEC, as a careless library would.
    const UniqueFd leaky(::open((dir / "a").c_str(), O_RDONLY));
    const UniqueFd high(::fcntl(leaky.get(), F_DUPFD, 200));
    const auto a = open_at(dir.fd(), "a", O_RDONLY);
    const auto b = open_at(dir.fd(), "b", O_RDONLY);
    ASSERT_TRUE(a && b);
    // Swapped: each one's target is the other's number.
    auto options = shell("cat /proc/self/fd/" + std::to_string(b->get()) + " /proc/self/fd/" +
                         std::to_string(a->get()) + "; echo; ls /proc/self/fd | tr '\\n' ' '");
    options.fds = {{a->get(), b->get()}, {b->get(), a->get()}};
    // `ls` opens the folder itself: with the lowest number that is free.
    const std::string out = output_of(options);
    ASSERT_EQ(out.substr(0, 3), "AB\n") << out;
    size_t open = 0;
    for (const auto& word : split(trim(out.substr(3)), ' ')) {
        const auto fd = parse_int<int>(word);
        ASSERT_TRUE(fd) << out;
        EXPECT_NE(*fd, high.get());
        ++open;
    }
    EXPECT_EQ(open, 6U) << out;  // 0 1 2, both targets, the folder
}

TEST(Spawn, TheSameSourceMayHaveManyTargets) {
    const TempDir dir;
    const auto out = open_at(dir.fd(), "out", O_WRONLY | O_CREAT | O_APPEND, 0600);
    ASSERT_TRUE(out);
    auto options = shell("echo one; echo two >&2; echo three >&9");
    options.fds = {{out->get(), 1}, {out->get(), 2}, {out->get(), 9}};
    auto child = spawn(options);
    ASSERT_TRUE(child);
    EXPECT_TRUE(child->wait()->success());
    EXPECT_EQ(dir.read("out"), "one\ntwo\nthree\n");
    EXPECT_EQ(::fcntl(out->get(), F_GETFD), FD_CLOEXEC);  // ours is as it was
}

TEST(Spawn, SignalsAreAsAfterBoot) {
    struct sigaction ignored {};

    struct sigaction before {};

    ignored.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignored, &before);
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGUSR1);
    ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
    const std::string status = output_of(shell("grep -E '^Sig(Blk|Ign)' /proc/self/status"));
    EXPECT_EQ(status, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    sigset_t now;
    ::sigprocmask(SIG_BLOCK, nullptr, &now);
    EXPECT_EQ(::sigismember(&now, SIGUSR1), 1);  // ours too is as it was
    EXPECT_EQ(::sigismember(&now, SIGUSR2), 0);
    ::sigprocmask(SIG_UNBLOCK, &blocked, nullptr);
    ::sigaction(SIGPIPE, &before, nullptr);
}

TEST(Spawn, NewSessionAndNullStdin) {
    auto options = shell("cut -d' ' -f1,6 /proc/$$/stat; cat");
    options.new_session = true;
    options.null_stdin = true;
    const auto captured = [&] {
        auto [read_end, write_end] = [] {
            int ends[2] = {-1, -1};
            EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
            return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
        }();
        options.fds = {{write_end.get(), 1}};
        auto child = spawn(options);
        EXPECT_TRUE(child);
        write_end.reset();
        const std::string text = *read_all(read_end.get());
        EXPECT_TRUE(child->wait()->success());
        return text;
    }();
    const auto [pid, session] = split_once(trim(captured), ' ');
    EXPECT_EQ(pid, session);
}

TEST(Spawn, DiesWithItsParent) {
    const TempDir dir;
    const pid_t middle = ::fork();
    if (middle == 0) {
        auto options = shell("echo $$ > " + (dir / "pid.new") + "; mv " + (dir / "pid.new") + " " +
                             (dir / "pid") + "; exec sleep 60");
        options.death_signal = SIGKILL;
        auto child = spawn(options);
        if (!child) ::_exit(1);
        child->detach();
        while (!exists_at(dir.fd(), "pid")) ::usleep(1000);
        ::_exit(0);
    }
    // The orphan falls to us: so its end can be seen.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    int status = -1;
    ASSERT_EQ(::waitpid(middle, &status, 0), middle);
    ASSERT_EQ(status, 0);
    const auto pid = parse_int<pid_t>(trim(dir.read("pid")));
    ASSERT_TRUE(pid);
    EXPECT_EQ(::waitpid(*pid, &status, 0), *pid);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(Child, EndsAreTold) {
    auto code = spawn(shell("exit 42"));
    EXPECT_EQ(code->wait()->exit_code(), 42);
    auto killed = spawn(shell("kill -TERM $$"));
    const auto status = killed->wait();
    ASSERT_TRUE(status);
    EXPECT_EQ(status->kind, WaitStatus::Kind::Signaled);
    EXPECT_EQ(status->exit_code(), 128 + SIGTERM);
    EXPECT_FALSE(status->success());
    EXPECT_EQ(WaitStatus{}.exit_code(), 255);
    EXPECT_FALSE(WaitStatus{}.success());
    // Of nobody's child, or twice.
    EXPECT_FALSE(code->wait());
}

TEST(Child, DestroyedUnwaitedForItIsKilledAndReaped) {
    pid_t pid = 0;
    {
        auto child = spawn(shell("exec sleep 60"));
        ASSERT_TRUE(child);
        pid = child->pid();
        Child moved = child.take();
        EXPECT_EQ(moved.pid(), pid);
    }
    EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

TEST(Child, DetachedItLivesOn) {
    UniqueFd pidfd;
    {
        auto child = spawn(shell("exec sleep 60"));
        ASSERT_TRUE(child);
        pidfd = open_pidfd(child->pid()).take();
        child->detach();
    }
    EXPECT_FALSE(*wait_for_end(pidfd.get(), 20ms));
    EXPECT_TRUE(signal_process(pidfd.get(), SIGKILL));
    EXPECT_EQ(reap(pidfd.get())->value, SIGKILL);
    EXPECT_EQ(signal_process(pidfd.get(), SIGKILL).error().kind, ErrorKind::NotFound);
}

TEST(Process, WaitsForTheEndAndNoLonger) {
    auto child = spawn(shell("read line; exit 0"));
    ASSERT_TRUE(child);
    auto sleeper = spawn(shell("exec sleep 60"));
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(*wait_for_end(sleeper->pidfd(), 50ms));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 45ms);
    EXPECT_FALSE(*wait_for_end(sleeper->pidfd(), 0ms));
    EXPECT_TRUE(sleeper->kill(SIGKILL));
    EXPECT_TRUE(*wait_for_end(sleeper->pidfd(), std::nullopt));
    EXPECT_TRUE(*wait_for_end(sleeper->pidfd(), 0ms));
    EXPECT_EQ(sleeper->wait()->value, SIGKILL);
}

TEST(Process, IdentityTellsTwoLivesOfOnePidApart) {
    auto child = spawn(shell("exec sleep 60"));
    ASSERT_TRUE(child);
    const auto identity = identify(child->pid());
    ASSERT_TRUE(identity);
    EXPECT_TRUE(is_alive(*identity));
    EXPECT_TRUE(open_process(*identity));
    EXPECT_FALSE(identity->boot_id.empty());

    auto other = *identity;
    other.start_time += 1;
    EXPECT_FALSE(is_alive(other));
    EXPECT_EQ(open_process(other).error().kind, ErrorKind::NotFound);
    other = *identity;
    other.boot_id = "another";
    EXPECT_FALSE(is_alive(other));
    EXPECT_FALSE(is_alive(ProcessIdentity{}));
    other = *identity;
    other.pid = -1;
    EXPECT_FALSE(is_alive(other));

    EXPECT_TRUE(child->kill(SIGKILL));
    EXPECT_TRUE(*wait_for_end(child->pidfd(), std::nullopt));
    EXPECT_FALSE(is_alive(*identity));  // a zombie is no living process
    EXPECT_TRUE(child->wait());
    EXPECT_FALSE(is_alive(*identity));
    EXPECT_EQ(identify(identity->pid).error().kind, ErrorKind::NotFound);
}

TEST(Process, ANameWithBlanksAndParenthesesHidesNothing) {
    char before[16] = {};
    ::prctl(PR_GET_NAME, before);
    const auto honest = process_start_time(::getpid());
    ::prctl(PR_SET_NAME, "a) R 1 (b) c");
    const auto hostile = process_start_time(::getpid());
    ::prctl(PR_SET_NAME, before);
    ASSERT_TRUE(honest && hostile);
    EXPECT_EQ(*honest, *hostile);
    EXPECT_GT(*honest, 0U);
}

TEST(RunCaptured, TakesInputAndBothOutputs) {
    const auto result = run_captured(shell("cat; echo no >&2; exit 3"), "some input");
    ASSERT_TRUE(result);
    EXPECT_EQ(result->out, "some input");
    EXPECT_EQ(result->err, "no\n");
    EXPECT_EQ(result->status.exit_code(), 3);
}

TEST(RunCaptured, LargeInputAndOutputDoNotBlockEachOther) {
    const std::string input(900'000, 'x');
    const auto result = run_captured(shell("cat; head -c 900000 /dev/zero >&2"), input);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->out, input);
    EXPECT_EQ(result->err.size(), 900'000U);
}

TEST(RunCaptured, OutputIsBoundedAndTheProgramStillEnds) {
    const auto result = run_captured(shell("head -c 5000000 /dev/zero; exit 4"));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->out.size(), 1U << 20U);
    EXPECT_EQ(result->status.exit_code(), 4);
}

TEST(RunCaptured, AProgramThatDoesNotReadItsInput) {
    for (int i = 0; i < 20; ++i) {
        const auto result = run_captured(shell("exec <&-; exit 5"), std::string(300'000, 'x'));
        ASSERT_TRUE(result);
        EXPECT_EQ(result->status.exit_code(), 5);
    }
}

TEST(FindProgram, TakesTheFirstThatCanBeExecuted) {
    const TempDir dir;
    ASSERT_TRUE(make_dirs(dir / "one") && make_dirs(dir / "two"));
    dir.write("one/tool", "", 0644);
    dir.write("two/tool", "", 0755);
    const std::string list = ":" + (dir / "one") + ":" + (dir / "none") + ":" + (dir / "two");
    EXPECT_EQ(*find_program("tool", list), dir / "two/tool");
    const auto missing = find_program("other", list);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
    EXPECT_NE(missing.error().message.find("'other'"), std::string::npos);
    EXPECT_FALSE(find_program("tool", ""));
    EXPECT_EQ(*find_program("/bin/sh", ""), "/bin/sh");
}

}  // namespace
}  // namespace dhow
