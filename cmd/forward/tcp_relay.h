// SPDX-License-Identifier: Apache-2.0
// TCP connections accepted on a host socket and carried on to a container, by splice(2) through a
// pipe in each direction: no byte is copied through this process. A side that ends its stream is
// passed on as such (half-close); a connection ends when both have, or either fails.
#pragma once

#include "base/event_loop.h"
#include "cmd/forward/arguments.h"

#include <list>
#include <memory>

namespace dhow::forward {

class TcpRelay {
  public:
    // `listener` stays the caller's and must outlive this.
    TcpRelay(EventLoop& loop, int listener, const Endpoint& target);
    ~TcpRelay();

    TcpRelay(const TcpRelay&) = delete;
    TcpRelay& operator=(const TcpRelay&) = delete;

    Status start();

    [[nodiscard]] size_t connections() const { return connections_.size(); }

  private:
    struct Connection;
    using Position = std::list<std::unique_ptr<Connection>>::iterator;

    void accept_all();
    Status open_connection(UniqueFd client);
    void advance(Position position);
    void close_connection(Position position);
    void pause_accepting();

    EventLoop& loop_;
    int listener_;
    Endpoint target_;
    std::list<std::unique_ptr<Connection>> connections_;
};

}  // namespace dhow::forward
