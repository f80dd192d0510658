// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include "base/unix_socket.h"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace dhow {
namespace {

using namespace std::chrono_literals;

struct Pair {
    UniqueFd ours;
    UniqueFd theirs;

    Pair() {
        auto [a, b] = make_socket_pair(SocketType::Stream).take();
        ours = std::move(a);
        theirs = std::move(b);
    }

    void poke() const { EXPECT_EQ(::write(theirs.get(), "x", 1), 1); }

    void drain() const {
        char byte = 0;
        EXPECT_EQ(::read(ours.get(), &byte, 1), 1);
    }
};

TEST(EventLoop, TellsWhatIsReadyAndAgainWhileItIs) {
    auto loop = EventLoop::create().take();
    const Pair pair;
    int calls = 0;
    ASSERT_TRUE(loop.add(pair.ours.get(), EPOLLIN, [&](uint32_t events) {
        EXPECT_NE(events & EPOLLIN, 0U);
        ++calls;
    }));
    ASSERT_TRUE(loop.run_once(0ms));
    EXPECT_EQ(calls, 0);
    pair.poke();
    ASSERT_TRUE(loop.run_once(0ms));
    ASSERT_TRUE(loop.run_once(0ms));
    EXPECT_EQ(calls, 2);
    pair.drain();
    ASSERT_TRUE(loop.run_once(0ms));
    EXPECT_EQ(calls, 2);
    ASSERT_TRUE(loop.change(pair.ours.get(), EPOLLOUT));
    ASSERT_TRUE(loop.change(pair.ours.get(), 0));
    pair.poke();
    ASSERT_TRUE(loop.run_once(0ms));
    EXPECT_EQ(calls, 2);
}

TEST(EventLoop, WrongDescriptorsAreErrors) {
    auto loop = EventLoop::create().take();
    const Pair pair;
    EXPECT_FALSE(loop.add(-1, EPOLLIN, [](uint32_t) {}));
    EXPECT_FALSE(loop.change(pair.ours.get(), EPOLLIN));
    ASSERT_TRUE(loop.add(pair.ours.get(), EPOLLIN, [](uint32_t) {}));
    EXPECT_FALSE(loop.add(pair.ours.get(), EPOLLIN, [](uint32_t) {}));
    loop.remove(pair.ours.get());
    loop.remove(pair.ours.get());
    EXPECT_FALSE(loop.change(pair.ours.get(), EPOLLIN));
}

// Both are ready in one batch; whoever is first removes the other.
TEST(EventLoop, WhatWasRemovedHearsNothingMoreOfTheSameBatch) {
    auto loop = EventLoop::create().take();
    const Pair a;
    const Pair b;
    int calls = 0;
    const auto watch = [&](const Pair& mine, const Pair& other) {
        ASSERT_TRUE(loop.add(mine.ours.get(), EPOLLIN, [&](uint32_t) {
            ++calls;
            loop.remove(other.ours.get());
        }));
        mine.poke();
    };
    watch(a, b);
    watch(b, a);
    ASSERT_TRUE(loop.run_once(0ms));
    EXPECT_EQ(calls, 1);
}

// A handler may remove itself, close its descriptor, and put a new source on the same number: the
// new one must not get the old one's event.
TEST(EventLoop, AReusedNumberIsANewSource) {
    auto loop = EventLoop::create().take();
    Pair a;
    Pair fresh;
    int old_calls = 0;
    int new_calls = 0;
    const int number = a.ours.get();
    ASSERT_TRUE(loop.add(number, EPOLLIN | EPOLLHUP, [&](uint32_t) {
        ++old_calls;
        loop.remove(number);
        a.ours.reset();
        const int copy = ::fcntl(fresh.ours.get(), F_DUPFD_CLOEXEC, number);
        EXPECT_EQ(copy, number);
        a.ours.reset(copy);
        EXPECT_TRUE(loop.add(copy, EPOLLIN, [&](uint32_t) { ++new_calls; }));
    }));
    a.theirs.reset();
    ASSERT_TRUE(loop.run_once(0ms));
    ASSERT_TRUE(loop.run_once(0ms));
    EXPECT_EQ(old_calls, 1);
    EXPECT_EQ(new_calls, 0);
    fresh.poke();
    ASSERT_TRUE(loop.run_once(0ms));
    EXPECT_EQ(new_calls, 1);
}

TEST(EventLoop, AHandlerOutlivesItsOwnRemoval) {
    auto loop = EventLoop::create().take();
    const Pair pair;
    const std::string kept(100, 'k');
    std::string seen;
    ASSERT_TRUE(loop.add(pair.ours.get(), EPOLLIN, [&loop, &pair, &seen, kept](uint32_t) {
        loop.remove(pair.ours.get());
        seen = kept;  // what the handler holds is still there
    }));
    pair.poke();
    ASSERT_TRUE(loop.run_once(0ms));
    EXPECT_EQ(seen, kept);
}

TEST(EventLoop, MoreSourcesThanOneBatchHolds) {
    auto loop = EventLoop::create().take();
    std::vector<Pair> pairs(100);
    int calls = 0;
    for (const Pair& pair : pairs) {
        ASSERT_TRUE(loop.add(pair.ours.get(), EPOLLIN, [&](uint32_t) {
            pair.drain();
            ++calls;
        }));
        pair.poke();
    }
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(loop.run_once(0ms));
    EXPECT_EQ(calls, 100);
}

TEST(EventLoop, TimersFireInOrderOnceAndNotWhenCancelled) {
    auto loop = EventLoop::create().take();
    std::string order;
    const auto begun = EventLoop::Clock::now();
    loop.add_timer(30ms, [&] {
        order += 'c';
        loop.stop();
    });
    loop.add_timer(10ms, [&] { order += 'a'; });
    loop.add_timer(20ms, [&] { order += 'b'; });
    const auto never = loop.add_timer(15ms, [&] { order += '!'; });
    loop.cancel_timer(never);
    loop.cancel_timer(never);
    loop.cancel_timer(12345);
    ASSERT_TRUE(loop.run());
    EXPECT_EQ(order, "abc");
    EXPECT_GE(EventLoop::Clock::now() - begun, 30ms);
}

TEST(EventLoop, ATimerMayCancelAndAddOthers) {
    auto loop = EventLoop::create().take();
    int ticks = 0;
    EventLoop::TimerId victim = 0;
    std::function<void()> tick = [&] {
        if (++ticks == 5) {
            loop.stop();
        } else {
            loop.add_timer(0ms, tick);
        }
    };
    loop.add_timer(0ms, [&] { loop.cancel_timer(victim); });
    victim = loop.add_timer(1ms, [&] { ADD_FAILURE() << "was cancelled"; });
    loop.add_timer(5ms, tick);
    ASSERT_TRUE(loop.run());
    EXPECT_EQ(ticks, 5);
}

TEST(EventLoop, WaitsNoLongerThanAskedNorThanTheNextTimer) {
    auto loop = EventLoop::create().take();
    const auto elapsed = [&](std::chrono::milliseconds timeout) {
        const auto begun = EventLoop::Clock::now();
        EXPECT_TRUE(loop.run_once(timeout));
        return EventLoop::Clock::now() - begun;
    };
    EXPECT_GE(elapsed(20ms), 19ms);
    bool fired = false;
    loop.add_timer(10ms, [&] { fired = true; });
    EXPECT_LT(elapsed(5s), 4s);
    EXPECT_TRUE(fired);
    loop.add_timer(std::chrono::hours(24 * 365), [] {});
    EXPECT_LT(elapsed(1ms), 4s);
}

TEST(EventLoop, SignalsComeAsEventsAndInterruptNothing) {
    auto loop = EventLoop::create().take();
    std::string seen;
    ASSERT_TRUE(loop.add_signals({SIGUSR1, SIGUSR2}, [&](int signal) {
        seen += signal == SIGUSR1 ? '1' : '2';
        if (seen.size() == 2) loop.stop();
    }));
    ::raise(SIGUSR2);
    ::raise(SIGUSR1);
    ASSERT_TRUE(loop.run());
    EXPECT_EQ(seen.size(), 2U);
    EXPECT_NE(seen.find('1'), std::string::npos);
    EXPECT_NE(seen.find('2'), std::string::npos);
    sigset_t mine;
    ::sigemptyset(&mine);
    ::sigaddset(&mine, SIGUSR1);
    ::sigaddset(&mine, SIGUSR2);
    ::sigprocmask(SIG_UNBLOCK, &mine, nullptr);
}

TEST(EventLoop, StopEndsOneRunOnly) {
    auto loop = EventLoop::create().take();
    int rounds = 0;
    for (int i = 0; i < 2; ++i) {
        loop.add_timer(0ms, [&] {
            ++rounds;
            loop.stop();
        });
        ASSERT_TRUE(loop.run());
    }
    EXPECT_EQ(rounds, 2);
}

}  // namespace
}  // namespace dhow
