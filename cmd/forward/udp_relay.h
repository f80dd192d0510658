// SPDX-License-Identifier: Apache-2.0
// Datagrams that reach a host socket, carried on to a container, and its answers back: one
// connected socket a client, forgotten after a silence. Bounded: a flood of senders pushes out the
// oldest.
#pragma once

#include "base/event_loop.h"
#include "cmd/forward/arguments.h"

#include <chrono>
#include <map>
#include <string>

namespace dhow::forward {

struct UdpLimits {
    std::chrono::milliseconds silence = std::chrono::seconds(120);
    size_t clients = 1024;
};

class UdpRelay {
  public:
    // `socket` stays the caller's and must outlive this.
    UdpRelay(EventLoop& loop, int socket, const Endpoint& target, UdpLimits limits = {});
    ~UdpRelay();

    UdpRelay(const UdpRelay&) = delete;
    UdpRelay& operator=(const UdpRelay&) = delete;

    Status start();

    [[nodiscard]] size_t clients() const { return clients_.size(); }

  private:
    struct Client {
        Endpoint address;
        UniqueFd socket;
        EventLoop::Clock::time_point last;
    };

    using Clients = std::map<std::string, Client>;

    void receive_from_clients();
    void receive_from_container(const std::string& key);
    Result<Client*> find_or_add(const std::string& key, const Endpoint& address);
    void forget(Clients::iterator client);
    void forget_oldest();
    void sweep();

    EventLoop& loop_;
    int socket_;
    Endpoint target_;
    UdpLimits limits_;
    Clients clients_;
    EventLoop::TimerId sweep_timer_ = 0;
};

}  // namespace dhow::forward
