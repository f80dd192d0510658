// SPDX-License-Identifier: Apache-2.0
// Everybody connected to a shim, the container played by the test.
#include "shim/clients.h"

#include "base/error_wire.h"
#include "base/unix_socket.h"
#include "shim/client.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <csignal>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dhow::shim {
namespace {

using namespace std::chrono_literals;

struct FakeContainer : ClientHandler {
    std::string stdin_bytes;
    int stdin_ends = 0;
    int feeders_gone = 0;
    int cleaned = 0;
    bool behind = false;
    std::string log;  // "resize 1 2;", "signal 15;", "stop 15 10;"
    Status answer;

    void on_stdin(std::string_view bytes) override { stdin_bytes += bytes; }

    void on_stdin_end() override { ++stdin_ends; }

    void on_resize(unsigned rows, unsigned columns) override {
        log += "resize " + std::to_string(rows) + " " + std::to_string(columns) + ";";
    }

    Status on_signal(int signal) override {
        log += "signal " + std::to_string(signal) + ";";
        return answer;
    }

    Status on_stop(int signal, int seconds) override {
        log += "stop " + std::to_string(signal) + " " + std::to_string(seconds) + ";";
        return answer;
    }

    void on_cleaned() override { ++cleaned; }

    void on_stdin_client_gone() override { ++feeders_gone; }

    void on_backpressure(bool now) override { behind = now; }
};

class ClientsTest : public testing::Test {
  protected:
    ClientsTest() : loop_(EventLoop::create().take()), clients_(loop_, container_) {
        EXPECT_TRUE(clients_.listen(dir_.fd()));
    }

    // Until nothing more happens.
    void settle() {
        for (int i = 0; i < 20; ++i) ASSERT_TRUE(loop_.run_once(0ms));
    }

    [[nodiscard]] UniqueFd connect() const {
        auto socket = connect_unix_at(dir_.fd(), std::string(kSocketName), SocketType::Packet);
        EXPECT_TRUE(socket);
        EXPECT_TRUE(set_non_blocking(socket->get()));
        return socket.take();
    }

    UniqueFd connect_with(const std::string& first) {
        UniqueFd socket = connect();
        EXPECT_TRUE(send_message(socket.get(), first));
        settle();
        return socket;
    }

    UniqueFd attach_with(uint8_t flags) {
        return connect_with(std::string("A") + static_cast<char>(flags));
    }

    UniqueFd adopt(bool launcher) {
        auto [ours, theirs] = make_socket_pair(SocketType::Packet).take();
        EXPECT_TRUE(clients_.adopt(std::move(ours), launcher));
        EXPECT_TRUE(set_non_blocking(theirs.get()));
        return std::move(theirs);
    }

    // Every packet that has come, each followed by '|'.
    static std::string packets(const UniqueFd& socket) {
        std::string all;
        while (true) {
            auto message = receive_message(socket.get(), kMaxPacket);
            if (!message || message->bytes.empty()) return all;
            all += message->bytes + "|";
        }
    }

    static bool closed(const UniqueFd& socket) {
        char byte = 0;
        const ssize_t got = ::recv(socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return got == 0 || (got < 0 && errno != EAGAIN);
    }

    test::TempDir dir_;
    FakeContainer container_;
    EventLoop loop_;
    Clients clients_;
};

TEST_F(ClientsTest, OutputGoesToWhoAskedForIt) {
    const auto both = attach_with(kAttachStdout | kAttachStderr);
    const auto errors = attach_with(kAttachStderr);
    const auto waiter = connect_with("W");
    const auto silent = connect();
    settle();
    clients_.broadcast_output(false, "one");
    clients_.broadcast_output(true, "two");
    clients_.broadcast(PacketType::Exited, "end");
    EXPECT_EQ(packets(both), "oone|xtwo|Xend|");
    EXPECT_EQ(packets(errors), "xtwo|Xend|");
    EXPECT_EQ(packets(waiter), "Xend|");
    EXPECT_EQ(packets(silent), "");
    EXPECT_TRUE(clients_.drained());
}

TEST_F(ClientsTest, StdinAndWindowOfWhoeverFeeds) {
    const auto feeder = attach_with(kAttachStdin | kAttachStdout);
    const auto watcher = attach_with(kAttachStdout);
    ASSERT_TRUE(send_message(feeder.get(), std::string("i\0a", 3)));
    ASSERT_TRUE(send_message(feeder.get(), "r24 80"));
    ASSERT_TRUE(send_message(feeder.get(), "e"));
    ASSERT_TRUE(send_message(watcher.get(), "inothing of mine"));
    ASSERT_TRUE(send_message(watcher.get(), "e"));
    settle();
    EXPECT_EQ(container_.stdin_bytes, std::string("\0a", 2));
    EXPECT_EQ(container_.stdin_ends, 1);
    EXPECT_EQ(container_.log, "resize 24 80;");
    EXPECT_FALSE(closed(watcher));
}

TEST_F(ClientsTest, TheLastFeederToLeaveIsTold) {
    auto first = attach_with(kAttachStdin);
    auto second = attach_with(kAttachStdin);
    auto watcher = attach_with(kAttachStdout);
    first.reset();
    settle();
    EXPECT_EQ(container_.feeders_gone, 0);
    watcher.reset();
    settle();
    EXPECT_EQ(container_.feeders_gone, 0);
    ASSERT_TRUE(send_message(second.get(), "ilast words"));
    second.reset();
    settle();
    EXPECT_EQ(container_.stdin_bytes, "last words");
    EXPECT_EQ(container_.feeders_gone, 1);
}

// As `echo x | dhow attach` of an old client does: gone before the shim looks at all it sent.
TEST_F(ClientsTest, WhatALeavingClientHasSentStillArrives) {
    for (const bool unread_output : {false, true}) {
        container_.stdin_bytes.clear();
        container_.feeders_gone = 0;
        auto feeder = attach_with(kAttachStdin | kAttachStdout);
        if (unread_output) clients_.broadcast_output(false, "never read");
        for (const char* packet : {"ia", "ib", "ic"})
            ASSERT_TRUE(send_message(feeder.get(), packet));
        feeder.reset();
        clients_.broadcast_output(false, "to nobody");
        settle();
        EXPECT_EQ(container_.stdin_bytes, "abc");
        EXPECT_EQ(container_.feeders_gone, 1);
    }
}

TEST_F(ClientsTest, HeldInputStaysInItsSocketAndIsNotLost) {
    const auto feeder = attach_with(kAttachStdin | kAttachStdout);
    clients_.hold_input(true);
    ASSERT_TRUE(send_message(feeder.get(), "ihello"));
    settle();
    EXPECT_EQ(container_.stdin_bytes, "");
    clients_.broadcast_output(false, "out");  // the other direction goes on
    EXPECT_EQ(packets(feeder), "oout|");
    settle();
    EXPECT_EQ(container_.stdin_bytes, "");
    clients_.hold_input(false);
    settle();
    EXPECT_EQ(container_.stdin_bytes, "hello");
}

TEST_F(ClientsTest, SignalsAndStopsAreAnswered) {
    const auto signal = connect_with("K15");
    EXPECT_EQ(packets(signal), "k|");
    container_.answer = make_error(ErrorKind::Conflict, "not running");
    const auto refused = connect_with("K9");
    const std::string failed = packets(refused);
    ASSERT_EQ(failed.front(), 'f');
    EXPECT_EQ(decode_error(std::string_view(failed).substr(1)).kind, ErrorKind::Conflict);
    container_.answer = {};
    const auto stop = connect_with("T15 -1");
    EXPECT_EQ(packets(stop), "k|");
    EXPECT_EQ(container_.log, "signal 15;signal 9;stop 15 -1;");
    clients_.broadcast(PacketType::Exited, "end");
    EXPECT_EQ(packets(stop), "Xend|");
}

TEST_F(ClientsTest, GarbageEndsItsSenderAlone) {
    const auto good = attach_with(kAttachStdout);
    for (const std::string& first : {std::string("Z"),
                                     std::string("A"),
                                     std::string("A12"),
                                     std::string("K"),
                                     std::string("K0"),
                                     std::string("K65"),
                                     std::string("K-1"),
                                     std::string("Kx"),
                                     std::string("K9 "),
                                     std::string("T"),
                                     std::string("T15"),
                                     std::string("T15 x"),
                                     std::string("T0 1"),
                                     std::string("T99999999999 1"),
                                     std::string("itoo early"),
                                     std::string("c"),
                                     std::string("\0", 1),
                                     std::string(kMaxPacket + 1, 'A'),
                                     std::string(kMaxPacket, 'A')}) {
        const auto bad = connect_with(first);
        EXPECT_TRUE(closed(bad)) << first.substr(0, 20);
    }
    for (const char* later : {"r", "r1", "r-1 5", "r1 99999999999", "rx y", "K9", "W", "Z"}) {
        const auto bad = attach_with(kAttachStdin);
        ASSERT_TRUE(send_message(bad.get(), later));
        settle();
        EXPECT_TRUE(closed(bad)) << later;
    }
    EXPECT_EQ(container_.log, "");
    EXPECT_EQ(container_.stdin_bytes, "");
    clients_.broadcast_output(false, "still here");
    EXPECT_EQ(packets(good), "ostill here|");
}

TEST_F(ClientsTest, DescriptorsSentAlongAreClosed) {
    const auto count = [] { return list_dir_at(AT_FDCWD, "/proc/self/fd")->size(); };
    const auto feeder = attach_with(kAttachStdin);
    const size_t before = count();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(send_message(feeder.get(), "ix", {0, 1, 2}));
    settle();
    EXPECT_EQ(container_.stdin_bytes, "xxxxxxxxxx");
    EXPECT_EQ(count(), before);
}

// Whoever attached later and does not read is dropped; others lose nothing and nobody waits.
TEST_F(ClientsTest, ALateClientThatDoesNotReadIsDropped) {
    const auto lazy = attach_with(kAttachStdout);
    const auto reader = attach_with(kAttachStdout);
    const std::string chunk(16000, 'x');
    size_t seen = 0;
    for (int i = 0; i < 300; ++i) {
        clients_.broadcast_output(false, chunk);
        seen += packets(reader).size();
        EXPECT_FALSE(container_.behind);
    }
    settle();
    EXPECT_EQ(seen, 300 * (chunk.size() + 2));
    packets(lazy);
    EXPECT_TRUE(closed(lazy));
    EXPECT_TRUE(clients_.drained());
}

// As the supervisor does it: output is read only while nobody lossless is behind.
TEST_F(ClientsTest, WhoWasThereBeforeTheStartGetsEveryByte) {
    const auto launcher = adopt(true);
    EXPECT_TRUE(clients_.launcher_present());
    std::string sent;
    std::string got;
    int held_back = 0;
    for (int i = 0; i < 2000; ++i) {
        if (container_.behind) {
            ++held_back;
        } else {
            const std::string chunk = std::to_string(i) + std::string(8000, 'x');
            clients_.broadcast_output(false, chunk);
            sent += "o" + chunk + "|";
        }
        if (i % 3 == 0) {
            auto message = receive_message(launcher.get(), kMaxPacket);
            if (message) got += message->bytes + "|";
            ASSERT_TRUE(loop_.run_once(0ms));
        }
    }
    EXPECT_GT(held_back, 0);  // or this test tests nothing
    while (!clients_.drained()) {
        got += packets(launcher);
        settle();
    }
    got += packets(launcher);
    EXPECT_FALSE(container_.behind);
    EXPECT_EQ(got.size(), sent.size());
    EXPECT_TRUE(got == sent);
}

// Of two lossless clients one reads at once and the other never: the fast one must not undo the
// slow one's brake, or the shim's memory grows without end.
TEST_F(ClientsTest, OneFastClientDoesNotReleaseTheBrakeOfASlowOne) {
    const UniqueFd first = adopt(true);
    const UniqueFd second = adopt(false);
    for (const bool first_reads : {true, false}) {
        const UniqueFd& reader = first_reads ? first : second;
        const UniqueFd& lazy = first_reads ? second : first;
        int chunks = 0;
        while (!container_.behind && chunks < 300) {
            clients_.broadcast_output(false, std::string(16000, 'x'));
            ++chunks;
            packets(reader);
            settle();
        }
        EXPECT_LT(chunks, 300);
        packets(reader);
        settle();
        EXPECT_TRUE(container_.behind);
        for (int i = 0; i < 20; ++i) {
            packets(lazy);
            settle();
        }
        EXPECT_FALSE(container_.behind);
        EXPECT_TRUE(clients_.drained());
    }
}

TEST_F(ClientsTest, AClientThatLeavesReleasesItsOwnBrakeOnly) {
    auto slow = adopt(true);
    auto also_slow = adopt(false);
    auto fast = adopt(false);
    while (!container_.behind) {
        clients_.broadcast_output(false, std::string(16000, 'x'));
        packets(fast);
    }
    fast.reset();
    settle();
    EXPECT_TRUE(container_.behind);
    slow.reset();
    settle();
    EXPECT_FALSE(clients_.launcher_present());
    EXPECT_TRUE(container_.behind);
    also_slow.reset();
    settle();
    EXPECT_FALSE(container_.behind);
    EXPECT_TRUE(clients_.drained());
}

TEST_F(ClientsTest, TheLauncherAloneCleansUp) {
    const auto launcher = adopt(true);
    const auto other = attach_with(kAttachStdout);
    ASSERT_TRUE(send_message(other.get(), "c"));
    settle();
    EXPECT_EQ(container_.cleaned, 0);
    ASSERT_TRUE(send_message(launcher.get(), "c"));
    settle();
    EXPECT_EQ(container_.cleaned, 1);
}

TEST_F(ClientsTest, WhoWasAdoptedMaySayWhatTheyWant) {
    const auto early = adopt(false);
    ASSERT_TRUE(send_message(early.get(), std::string("A") + char{kAttachStderr}));
    settle();
    clients_.broadcast_output(false, "out");
    clients_.broadcast_output(true, "err");
    EXPECT_EQ(packets(early), "xerr|");
}

TEST_F(ClientsTest, DisconnectingAtAnyMomentHurtsNobody) {
    const auto reader = attach_with(kAttachStdout);
    for (int i = 0; i < 50; ++i) {
        auto client = i % 2 == 0 ? attach_with(kAttachStdin | kAttachStdout) : connect();
        clients_.broadcast_output(false, std::string(10000, 'x'));
        client.reset();
        if (i % 3 == 0) settle();
        packets(reader);
    }
    settle();
    clients_.broadcast_output(false, "end");
    EXPECT_TRUE(packets(reader).ends_with("oend|"));
}

TEST_F(ClientsTest, ConnectionsAreBounded) {
    std::vector<UniqueFd> crowd;
    for (int i = 0; i < 300; ++i) {
        crowd.push_back(connect_with("W"));
    }
    size_t turned_away = 0;
    for (const UniqueFd& socket : crowd) turned_away += closed(socket) ? 1U : 0U;
    EXPECT_EQ(turned_away, 44U);
    crowd.clear();
    settle();
    for (int i = 0; i < 20; ++i) settle();
    EXPECT_FALSE(closed(connect_with("W")));
}

TEST_F(ClientsTest, AfterTheEndNobodyConnects) {
    const auto waiter = connect_with("W");
    clients_.stop_listening(dir_.fd());
    clients_.stop_listening(dir_.fd());
    EXPECT_EQ(open_wait(dir_.fd()).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(attach(dir_.fd(), kAttachStdout).error().kind, ErrorKind::NotFound);
    EXPECT_EQ(send_signal(dir_.fd(), SIGTERM).error().kind, ErrorKind::NotFound);
    clients_.broadcast(PacketType::Exited, "end");
    EXPECT_EQ(packets(waiter), "Xend|");
}

TEST(Connection, SplitsLongInputAndKeepsItsOrder) {
    auto [ours, theirs] = make_socket_pair(SocketType::Packet).take();
    Connection connection(std::move(ours));
    std::string bytes;
    for (int i = 0; i < 12'000; ++i) bytes += std::to_string(i) + ",";
    ASSERT_TRUE(connection.send_stdin(bytes));
    ASSERT_TRUE(connection.send_resize(5, 6));
    std::string got;
    Connection shim(std::move(theirs));
    while (true) {
        const auto packet = shim.receive();
        ASSERT_TRUE(packet && *packet);
        if ((*packet)->type == PacketType::Resize) {
            EXPECT_EQ((*packet)->payload, "5 6");
            break;
        }
        EXPECT_LT((*packet)->payload.size(), kMaxPacket);
        got += (*packet)->payload;
    }
    EXPECT_EQ(got, bytes);
}

}  // namespace
}  // namespace dhow::shim
