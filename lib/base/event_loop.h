// SPDX-License-Identifier: Apache-2.0
// EventLoop: epoll with callbacks, timers and signals, for the long-lived processes (shim, API
// service, held init) and for attached clients. One thread; callbacks may add and remove sources.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace dhow {

class EventLoop {
  public:
    using Clock = std::chrono::steady_clock;
    using FdHandler = std::function<void(uint32_t events)>;  // EPOLLIN | EPOLLHUP | ...
    using TimerId = uint64_t;

    static Result<EventLoop> create();

    // Level-triggered. The loop does not own `fd`; remove it before closing it.
    Status add(int fd, uint32_t events, FdHandler handler);
    Status change(int fd, uint32_t events);
    void remove(int fd);

    TimerId add_timer(Clock::duration delay, std::function<void()> handler);
    void cancel_timer(TimerId id);

    // Blocks the signals and hands them to `handler` from the loop (signalfd).
    Status add_signals(const std::vector<int>& signals, std::function<void(int signal)> handler);

    // Until stop() is called.
    Status run();
    // One round: waits at most `timeout` (negative: for ever) for one batch of events.
    Status run_once(std::chrono::milliseconds timeout);

    void stop() { stopped_ = true; }

  private:
    struct Source {
        FdHandler handler;
        bool removed = false;
    };

    struct Timer {
        TimerId id;
        std::function<void()> handler;
    };

    explicit EventLoop(UniqueFd epoll) : epoll_(std::move(epoll)) {}

    [[nodiscard]] int next_timeout_ms(std::chrono::milliseconds cap) const;
    void fire_timers();

    UniqueFd epoll_;
    std::map<int, std::shared_ptr<Source>> sources_;
    std::multimap<Clock::time_point, Timer> timers_;
    TimerId last_timer_ = 0;
    std::vector<UniqueFd> signal_fds_;
    bool stopped_ = false;
};

}  // namespace dhow
