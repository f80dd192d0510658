// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <sys/epoll.h>
#include <sys/signalfd.h>

namespace dhow {

Result<EventLoop> EventLoop::create() {
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return system_error("create epoll");
    return EventLoop(std::move(epoll));
}

Status EventLoop::add(int fd, uint32_t events, FdHandler handler) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        return system_error("watch descriptor " + std::to_string(fd));
    }
    sources_[fd] = std::make_shared<Source>(Source{std::move(handler)});
    return {};
}

Status EventLoop::change(int fd, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) {
        return system_error("watch descriptor " + std::to_string(fd));
    }
    return {};
}

void EventLoop::remove(int fd) {
    const auto found = sources_.find(fd);
    if (found == sources_.end()) return;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    found->second->removed = true;  // events of this batch must not reach it any more
    sources_.erase(found);
}

EventLoop::TimerId EventLoop::add_timer(Clock::duration delay, std::function<void()> handler) {
    const TimerId id = ++last_timer_;
    timers_.emplace(Clock::now() + delay, Timer{id, std::move(handler)});
    return id;
}

void EventLoop::cancel_timer(TimerId id) {
    const auto found = std::find_if(
        timers_.begin(), timers_.end(), [id](const auto& entry) { return entry.second.id == id; });
    if (found != timers_.end()) timers_.erase(found);
}

Status EventLoop::add_signals(const std::vector<int>& signals,
                              std::function<void(int signal)> handler) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int signal : signals) ::sigaddset(&set, signal);
    if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return system_error("block signals");
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) return system_error("create signalfd");
    const int raw = fd.get();
    TRY(add(raw, EPOLLIN, [raw, handler = std::move(handler)](uint32_t /*events*/) {
        signalfd_siginfo info{};
        while (::read(raw, &info, sizeof info) == sizeof info) {
            handler(static_cast<int>(info.ssi_signo));
        }
    }));
    signal_fds_.push_back(std::move(fd));
    return {};
}

int EventLoop::next_timeout_ms(std::chrono::milliseconds cap) const {
    if (timers_.empty()) return cap.count() < 0 ? -1 : static_cast<int>(cap.count());
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - Clock::now());
    auto wait = std::max<std::chrono::milliseconds::rep>(0, left.count());
    if (cap.count() >= 0) wait = std::min(wait, cap.count());
    return static_cast<int>(std::min<std::chrono::milliseconds::rep>(wait, 1 << 30));
}

void EventLoop::fire_timers() {
    const auto now = Clock::now();
    while (!timers_.empty() && timers_.begin()->first <= now) {
        const auto handler = std::move(timers_.begin()->second.handler);
        timers_.erase(timers_.begin());
        handler();
    }
}

Status EventLoop::run_once(std::chrono::milliseconds timeout) {
    std::array<epoll_event, 32> events{};
    const int ready = ::epoll_wait(
        epoll_.get(), events.data(), static_cast<int>(events.size()), next_timeout_ms(timeout));
    if (ready < 0 && errno != EINTR) return system_error("wait for events");
    std::array<std::shared_ptr<Source>, 32> batch;
    for (int i = 0; i < ready; ++i) {
        const auto found = sources_.find(events[static_cast<size_t>(i)].data.fd);
        if (found != sources_.end()) batch[static_cast<size_t>(i)] = found->second;
    }
    for (int i = 0; i < ready; ++i) {
        const auto& source = batch[static_cast<size_t>(i)];
        if (source && !source->removed) source->handler(events[static_cast<size_t>(i)].events);
    }
    fire_timers();
    return {};
}

Status EventLoop::run() {
    stopped_ = false;
    while (!stopped_) TRY(run_once(std::chrono::milliseconds(-1)));
    return {};
}

}  // namespace dhow
