// SPDX-License-Identifier: Apache-2.0
// The end of a container under the real dhow-shim: its record, restarts, stops, a killed shim.
#include "base/random.h"
#include "base/text.h"
#include "tests/unit/shim/shim_fixture.h"

#include <algorithm>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

namespace dhow::shim {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class ShimEndTest : public ShimTest {};

TEST_F(ShimEndTest, TheExitCodeIsRecorded) {
    run_command("exit 42");
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    Seen seen;
    EXPECT_EQ(finish(*launched, seen), 42);  // the shim's own too: systemd reads it
    const auto record = exit_record();
    ASSERT_TRUE(record && seen.exited);
    EXPECT_EQ(*record, *seen.exited);
    EXPECT_EQ(record->status.kind, WaitStatus::Kind::Exited);
    EXPECT_EQ(record->status.value, 42);
    EXPECT_FALSE(record->oom_killed);
    EXPECT_EQ(record->started_at, launched->status.started_at);
    EXPECT_GE(record->finished_at, record->started_at);
    EXPECT_EQ(record->restart_count, 0);
    EXPECT_EQ(record->error, "");
    EXPECT_FALSE(exists_at(run_dir_.get(), std::string(kSocketName)));
    // Nothing but the log is beside the record.
    EXPECT_EQ(list_dir_at(state_dir_.get(), ".")->size(), 2U);
}

TEST_F(ShimEndTest, ADeathBySignalIsRecordedAsSuch) {
    run_command("kill -SEGV $$");
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    Seen seen;
    EXPECT_EQ(finish(*launched, seen), 128 + SIGSEGV);
    EXPECT_EQ(exit_record()->status.kind, WaitStatus::Kind::Signaled);
    EXPECT_EQ(exit_record()->status.value, SIGSEGV);
}

// The record is there before anybody is told, and a waiter is told the same.
TEST_F(ShimEndTest, DetachedItEndsByItself) {
    run_command("read line; exit 3");
    config_.foreground = false;
    config_.open_stdin = true;
    config_.exit_command = {"/bin/sh", "-c", "echo cleaned > " + (dir_ / "cleaned")};
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    EXPECT_FALSE(*launched->connection.receive());  // closed by the shim
    auto waiter = open_wait(run_dir_.get());
    auto feeder = attach(run_dir_.get(), kAttachStdin);
    ASSERT_TRUE(waiter && feeder && feeder->send(PacketType::StdinEnd));
    const auto seen = read_all_packets(*waiter);
    ASSERT_TRUE(seen.exited);
    EXPECT_EQ(seen.out, "");
    EXPECT_EQ(exit_record(), seen.exited);
    ignore(feeder->send(PacketType::Cleaned), "not theirs to say: no launcher");
    EXPECT_EQ(launched->shim.wait()->exit_code(), 3);
    EXPECT_EQ(dir_.read("cleaned"), "cleaned\n");
}

TEST_F(ShimEndTest, WhoCleanedUpNeedsNoExitCommand) {
    run_command("true");
    config_.exit_command = {"/bin/sh", "-c", "echo cleaned > " + (dir_ / "cleaned")};
    run_in_foreground();
    EXPECT_FALSE(exists_at(dir_.fd(), "cleaned"));
    // A launcher that goes without a word: somebody has to.
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    launched->connection = Connection(UniqueFd());
    EXPECT_TRUE(launched->shim.wait()->success());
    EXPECT_TRUE(exists_at(dir_.fd(), "cleaned"));
}

TEST_F(ShimEndTest, NothingOutlivesTheContainer) {
    run_command("trap '' TERM HUP; sleep 60 & (sleep 60 & sleep 60) & echo $! ; exit 1");
    const auto begun = Clock::now();
    const auto seen = run_in_foreground();
    EXPECT_LT(Clock::now() - begun, 20s);
    ASSERT_TRUE(seen.exited);
    const auto left = parse_int<pid_t>(trim(seen.out));
    ASSERT_TRUE(left) << seen.out;
    EXPECT_FALSE(process_start_time(*left));
}

TEST_F(ShimEndTest, OnFailureIsTriedSoOftenAndNoMore) {
    run_command("echo run; exit 1");
    config_.restart = RestartKind::OnFailure;
    config_.restart_max_retries = 2;
    const auto begun = Clock::now();
    const auto seen = run_in_foreground();
    EXPECT_GE(Clock::now() - begun, 300ms);  // 100 and 200
    EXPECT_EQ(seen.out, "run\nrun\nrun\n");
    ASSERT_TRUE(seen.exited);
    EXPECT_EQ(seen.exited->restart_count, 2);
    EXPECT_EQ(seen.exited->status.value, 1);
    EXPECT_EQ(calls(), "run delete run delete run delete");
    EXPECT_EQ(log_text(), "stdout F run\nstdout F run\nstdout F run\n");
}

TEST_F(ShimEndTest, OnFailureASuccessIsTheEnd) {
    run_command("if [ -e " + (dir_ / "second") + " ]; then exit 0; fi; touch " + (dir_ / "second") +
                "; exit 1");
    config_.restart = RestartKind::OnFailure;
    const auto seen = run_in_foreground();
    ASSERT_TRUE(seen.exited);
    EXPECT_EQ(seen.exited->restart_count, 1);
    EXPECT_TRUE(seen.exited->status.success());
}

TEST_F(ShimEndTest, AStopWhileItWaitsToRestartIsTheEnd) {
    run_command("exit 7");
    config_.restart = RestartKind::Always;
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    ASSERT_TRUE(wait_until([&] {
        const auto now = status();
        return now && now->phase == Phase::Restarting && now->restart_count >= 3;
    }));
    EXPECT_EQ(status()->last_exit->value, 7);
    EXPECT_FALSE(exit_record());
    EXPECT_EQ(send_signal(run_dir_.get(), SIGTERM).error().kind, ErrorKind::Conflict);
    auto stop = request_stop(run_dir_.get(), SIGTERM, 10);
    ASSERT_TRUE(stop) << stop.error().message;
    const auto told = read_all_packets(*stop);
    ASSERT_TRUE(told.exited);
    EXPECT_EQ(told.exited->status.value, 7);
    Seen seen;
    EXPECT_EQ(finish(*launched, seen), 0);
}

TEST_F(ShimEndTest, ARestartThatFailsIsTheEndAndSaysWhy) {
    run_command("mv " + (dir_ / "bundle/later") + " " + (dir_ / "bundle/fail") + "; exit 1");
    dir_.write("bundle/later", R"({"msg":"no space left"})");
    config_.restart = RestartKind::Always;
    const auto seen = run_in_foreground();
    ASSERT_TRUE(seen.exited);
    EXPECT_EQ(seen.exited->error, "no space left");
    EXPECT_EQ(seen.exited->status.value, 1);
    EXPECT_EQ(seen.exited->restart_count, 1);
}

TEST_F(ShimEndTest, AStopKillsInTheEnd) {
    run_command("trap '' TERM; echo ready; while :; do sleep 0.05; done");
    config_.restart = RestartKind::Always;
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    ASSERT_TRUE(wait_until([&] { return log_text().find("ready") != std::string::npos; }));
    const auto begun = Clock::now();
    auto patient = request_stop(run_dir_.get(), SIGTERM, 600);
    auto stop = request_stop(run_dir_.get(), SIGTERM, 1);  // the last word counts
    ASSERT_TRUE(patient && stop);
    const auto told = read_all_packets(*stop);
    EXPECT_GE(Clock::now() - begun, 1s);
    EXPECT_LT(Clock::now() - begun, 20s);
    ASSERT_TRUE(told.exited);
    EXPECT_EQ(told.exited->status.value, SIGKILL);
    EXPECT_EQ(told.exited->restart_count, 0);
    Seen seen;
    EXPECT_EQ(finish(*launched, seen), 0);  // a stop that was asked for is no failure
}

TEST_F(ShimEndTest, SystemdEndsTheShimAndTheShimTheContainer) {
    run_command("trap 'echo bye; exit 9' USR2; echo ready; while :; do sleep 0.01; done");
    config_.stop_signal = SIGUSR2;
    config_.restart = RestartKind::Always;
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    ASSERT_TRUE(wait_until([&] { return log_text().find("ready") != std::string::npos; }));
    ASSERT_TRUE(launched->shim.kill(SIGTERM));
    Seen seen;
    EXPECT_EQ(finish(*launched, seen), 0);
    EXPECT_EQ(seen.out, "ready\nbye\n");
    EXPECT_EQ(seen.exited->status.value, 9);
}

TEST_F(ShimEndTest, AKilledShimLeavesNoRecordAndTheContainerRunning) {
    run_command("exec sleep 60");
    auto launched = launch_shim();
    ASSERT_TRUE(launched) << launched.error().message;
    ASSERT_TRUE(launched->shim.kill(SIGKILL));
    EXPECT_EQ(launched->shim.wait()->value, SIGKILL);
    const auto seen = read_all_packets(launched->connection);
    EXPECT_FALSE(seen.exited);
    EXPECT_FALSE(exit_record());
    EXPECT_EQ(status()->phase, Phase::Running);
    EXPECT_FALSE(is_alive(status()->shim));
    EXPECT_TRUE(is_alive(status()->container));
    EXPECT_EQ(send_signal(run_dir_.get(), SIGTERM).error().kind, ErrorKind::NotFound);
}

// Killed at any moment around the end: there is a whole record or none.
TEST_F(ShimEndTest, AKilledShimLeavesNoHalfWrittenRecord) {
    run_command("exit 3");
    int with = 0;
    for (int i = 0; i < 25; ++i) {
        ASSERT_TRUE(remove_file_at(state_dir_.get(), std::string(kExitFile)));
        auto launched = launch_shim();
        ASSERT_TRUE(launched) << launched.error().message;
        ::usleep(random_below(40'000));
        ASSERT_TRUE(launched->shim.kill(SIGKILL));
        ASSERT_TRUE(launched->shim.wait());
        const auto record = exit_record();  // expects that what is there can be read
        if (!record) continue;
        EXPECT_EQ(record->status.value, 3);
        ++with;
    }
    RecordProperty("records", with);
}

}  // namespace
}  // namespace dhow::shim
