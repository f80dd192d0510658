// SPDX-License-Identifier: Apache-2.0
// The life of a container under the real dhow-shim: start, streams, clients.
#include "base/text.h"
#include "base/unix_socket.h"
#include "tests/unit/shim/shim_fixture.h"

#include <algorithm>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

namespace dhow::shim {
namespace {

using namespace std::chrono_literals;

class SupervisorTest : public ShimTest {};

TEST_F(SupervisorTest, StartedSaysWhatRuns) {
    run_command("read line");
    config_.open_stdin = true;
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    EXPECT_EQ(launched->status.phase, Phase::Running);
    EXPECT_EQ(launched->status.shim.pid, launched->shim.pid());
    EXPECT_TRUE(is_alive(launched->status.container));
    EXPECT_GT(launched->status.started_at, 0);
    EXPECT_FALSE(exit_record());
    const auto running = status();
    ASSERT_TRUE(running);
    EXPECT_EQ(running->container, launched->status.container);

    ASSERT_TRUE(launched->connection.send(PacketType::StdinEnd));
    Seen seen;
    finish(*launched, seen);
    EXPECT_FALSE(is_alive(launched->status.container));
    EXPECT_EQ(status()->phase, Phase::Exited);
    EXPECT_EQ(status()->container.pid, 0);
    EXPECT_EQ(calls(), "run delete");
}

TEST_F(SupervisorTest, StreamsReachClientAndLog) {
    run_command("echo out; echo err >&2; printf 'a\\0b\\n\\nrest'");
    const auto seen = run_in_foreground();
    EXPECT_EQ(seen.out, std::string("out\na\0b\n\nrest", 13));
    EXPECT_EQ(seen.err, "err\n");
    const std::string log = log_text();
    EXPECT_NE(log.find("stdout F out\n"), std::string::npos);
    EXPECT_NE(log.find("stderr F err\n"), std::string::npos);
    EXPECT_NE(log.find(std::string("stdout F a\0b\nstdout F \nstdout P rest\n", 37)),
              std::string::npos);
}

// What a container has written before it ends is read to its last byte, by whoever was there.
TEST_F(SupervisorTest, EveryByteArrivesAtASlowLauncher) {
    run_command(
        "i=0; while [ $i -lt 40000 ]; do echo \"line $i of the output of this test\"; "
        "i=$((i+1)); done");
    auto [ours, theirs] = make_socket_pair(SocketType::Packet).take();
    std::vector<UniqueFd> early;
    early.push_back(std::move(theirs));
    auto launched = launch_shim(std::move(early));
    ASSERT_TRUE(launched) << launched.error().message;
    ::usleep(300'000);  // nobody reads: the container is held back, nothing is dropped
    EXPECT_FALSE(exit_record());
    Seen first;
    Connection second(std::move(ours));
    Seen other;
    // The second reads only after the first has everything: in a process of its own.
    const pid_t reader = ::fork();
    if (reader == 0) {
        const auto mine = read_all_packets(second);
        ::_exit(mine.exited && mine.out.ends_with("line 39999 of the output of this test\n") &&
                        std::count(mine.out.begin(), mine.out.end(), '\n') == 40000
                    ? 0
                    : 1);
    }
    finish(*launched, first);
    int status = -1;
    ASSERT_EQ(::waitpid(reader, &status, 0), reader);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(std::count(first.out.begin(), first.out.end(), '\n'), 40000);
    EXPECT_TRUE(first.out.ends_with("line 39999 of the output of this test\n"));
    const std::string log = log_text();
    EXPECT_GE(std::count(log.begin(), log.end(), '\n'), 40000);
}

TEST_F(SupervisorTest, WhoAttachedLaterAndDoesNotReadHoldsNobodyBack) {
    run_command("read line; head -c 8000000 /dev/zero | tr '\\0' x");
    config_.open_stdin = true;
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    const auto lazy = attach(run_dir_.get(), kAttachStdout);
    ASSERT_TRUE(lazy);
    ASSERT_TRUE(launched->connection.send_stdin("go\n"));
    Seen seen;
    EXPECT_EQ(finish(*launched, seen), 0);
    EXPECT_EQ(seen.out.size(), 8'000'000U);
}

TEST_F(SupervisorTest, StdinArrivesWholeHoweverSlowlyItIsRead) {
    run_command("sleep 0.3; wc -c");
    config_.open_stdin = true;
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    ASSERT_TRUE(launched->connection.send_stdin(std::string(3'000'000, 'x')));
    ASSERT_TRUE(launched->connection.send(PacketType::StdinEnd));
    Seen seen;
    finish(*launched, seen);
    EXPECT_EQ(trim(seen.out), "3000000");
}

TEST_F(SupervisorTest, WithoutOpenStdinThereIsNothingToRead) {
    run_command("wc -c");
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    ASSERT_TRUE(launched->connection.send_stdin("ignored"));
    Seen seen;
    finish(*launched, seen);
    EXPECT_EQ(trim(seen.out), "0");
}

TEST_F(SupervisorTest, StdinOnceEndsWithItsClient) {
    run_command("cat; echo end");
    config_.open_stdin = config_.stdin_once = true;
    config_.foreground = false;
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    auto watcher = attach(run_dir_.get(), kAttachStdout);
    ASSERT_TRUE(watcher);
    {
        auto feeder = attach(run_dir_.get(), kAttachStdin);
        ASSERT_TRUE(feeder && feeder->send_stdin("typed\n"));
    }
    const auto seen = read_all_packets(*watcher);
    EXPECT_EQ(seen.out, "typed\nend\n");
    EXPECT_TRUE(seen.exited);
}

TEST_F(SupervisorTest, AttachingAndLeavingDoesNotDisturb) {
    run_command("while read line; do echo \"got $line\"; done");
    config_.open_stdin = true;
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    for (int i = 0; i < 20; ++i) {
        auto passer_by = attach(run_dir_.get(), kAttachStdin | kAttachStdout);
        ASSERT_TRUE(passer_by && passer_by->send_stdin(std::to_string(i) + "\n"));
        const auto garbage =
            connect_unix_at(run_dir_.get(), std::string(kSocketName), SocketType::Packet);
        ASSERT_TRUE(garbage && send_message(garbage->get(), "\x01garbage"));
    }
    auto last = attach(run_dir_.get(), kAttachStdin | kAttachStdout);
    ASSERT_TRUE(last && last->send_stdin("last\n") && last->send(PacketType::StdinEnd));
    Seen seen;
    EXPECT_EQ(finish(*launched, seen), 0);
    EXPECT_EQ(std::count(seen.out.begin(), seen.out.end(), '\n'), 21);
    EXPECT_TRUE(seen.out.ends_with("got last\n"));
}

TEST_F(SupervisorTest, SignalsReachTheContainer) {
    run_command("trap 'echo usr1; exit 5' USR1; echo ready; while :; do sleep 0.01; done");
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    ASSERT_TRUE(wait_until([&] { return log_text().find("ready") != std::string::npos; }));
    EXPECT_TRUE(send_signal(run_dir_.get(), SIGUSR1));
    Seen seen;
    EXPECT_EQ(finish(*launched, seen), 5);
    EXPECT_EQ(seen.out, "ready\nusr1\n");
}

TEST_F(SupervisorTest, AFailedRuntimeLeavesNothing) {
    run_command("true");
    let_runtime_fail(R"({"level":"error","msg":"exec: \"nope\": executable file not found"})");
    const auto launched = launch_shim();
    ASSERT_FALSE(launched);
    EXPECT_EQ(launched.error().kind, ErrorKind::CommandNotFound);
    EXPECT_EQ(launched.error().message, "exec: \"nope\": executable file not found");
    EXPECT_EQ(calls(), "run delete");
    EXPECT_FALSE(status());
    EXPECT_FALSE(exit_record());
    EXPECT_FALSE(exists_at(run_dir_.get(), std::string(kSocketName)));
}

TEST_F(SupervisorTest, AMissingRuntimeAndFoldersAreErrors) {
    run_command("true");
    config_.runtime = dir_ / "missing";
    EXPECT_EQ(launch_shim().error().kind, ErrorKind::NotFound);
    config_.runtime = dir_ / "runtime";
    config_.run_dir = dir_ / "nowhere";
    EXPECT_FALSE(launch_shim());
    config_.run_dir = dir_ / "run";
    config_.log_path = dir_ / "no/log";
    EXPECT_FALSE(launch_shim());
}

// The command that starts it is killed while the runtime works: nothing stays.
TEST_F(SupervisorTest, AStartNobodyWaitsForIsTakenBack) {
    run_command("exec sleep 60");
    dir_.write("bundle/delay", "0.5");
    const pid_t launcher = ::fork();
    if (launcher == 0) {
        ignore(launch_shim(), "it is killed in here");
        ::_exit(0);
    }
    ASSERT_TRUE(wait_until([&] { return calls() == "run"; }));
    const auto pid = status();
    ASSERT_TRUE(pid);
    ::kill(launcher, SIGKILL);
    ASSERT_TRUE(wait_until([&] { return !is_alive(pid->shim); }));
    EXPECT_EQ(calls(), "run delete");
    EXPECT_FALSE(status());
    EXPECT_FALSE(exit_record());
    const auto container = parse_int<pid_t>(trim(dir_.read("run/pid")));
    ASSERT_TRUE(container);
    EXPECT_FALSE(process_start_time(*container));
}

TEST_F(SupervisorTest, SidecarsLiveAsLongAsTheContainer) {
    run_command("read line");
    config_.open_stdin = true;
    dir_.write(
        "sidecar", "#!/bin/sh\necho $$ > " + (dir_ / "sidecar.pid") + "\nexec sleep 60\n", 0755);
    config_.sidecars = {{.argv = {dir_ / "sidecar"}}};
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    ASSERT_TRUE(
        wait_until([&] { return parse_int<pid_t>(trim(dir_.read("sidecar.pid"))).has_value(); }));
    const auto sidecar = identify(*parse_int<pid_t>(trim(dir_.read("sidecar.pid"))));
    ASSERT_TRUE(sidecar);
    EXPECT_TRUE(is_alive(*sidecar));
    ASSERT_TRUE(launched->connection.send(PacketType::StdinEnd));
    Seen seen;
    finish(*launched, seen);
    EXPECT_FALSE(is_alive(*sidecar));
}

TEST_F(SupervisorTest, ASidecarThatFailsStopsTheStart) {
    run_command("true");
    dir_.write("sidecar", "#!/bin/sh\necho 'port 80 is taken' >&2\nexit 1\n", 0755);
    config_.sidecars = {
        {.argv = {dir_ / "sidecar"}, .daemonizes = true, .pid_file = dir_ / "sidecar.pid"}};
    const auto launched = launch_shim();
    ASSERT_FALSE(launched);
    EXPECT_EQ(launched.error().kind, ErrorKind::Unavailable);
    EXPECT_EQ(launched.error().message, "sidecar: port 80 is taken");
    EXPECT_EQ(calls(), "delete");
}

TEST_F(SupervisorTest, TheLogIsBounded) {
    run_command("head -c 300000 /dev/zero | tr '\\0' x | fold -w 100");
    config_.log_max_bytes = 50'000;
    const auto seen = run_in_foreground();
    EXPECT_EQ(seen.out.size(), 303'000U - 1);
    EXPECT_LE(dir_.read("state/log").size(), 50'000U);
    EXPECT_LE(dir_.read("state/log.1").size(), 50'000U);
}

}  // namespace
}  // namespace dhow::shim
