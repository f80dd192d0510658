// SPDX-License-Identifier: Apache-2.0
// Everybody connected to the shim: the launcher in the foreground, attached clients, waiters.
// Output goes to each through a bounded queue. Who was there before the start is lossless: while
// one is behind, the container's output is not read (as `docker run | less`). Whoever attached
// later and falls behind is dropped: nobody who stops reading may freeze what others started.
#pragma once

#include "base/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "shim/protocol.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace dhow::shim {

// What clients ask of the supervisor.
class ClientHandler {
  public:
    virtual ~ClientHandler() = default;
    virtual void on_stdin(std::string_view bytes) = 0;
    virtual void on_stdin_end() = 0;
    virtual void on_resize(unsigned rows, unsigned columns) = 0;
    virtual Status on_signal(int signal) = 0;
    virtual Status on_stop(int signal, int timeout_seconds) = 0;
    virtual void on_cleaned() = 0;
    // The last client that fed stdin has left.
    virtual void on_stdin_client_gone() = 0;
    // Somebody lossless cannot take more output; or all of them can again.
    virtual void on_backpressure(bool behind) = 0;
};

class Clients {
  public:
    Clients(EventLoop& loop, ClientHandler& handler) : loop_(loop), handler_(handler) {}

    ~Clients();
    Clients(const Clients&) = delete;
    Clients& operator=(const Clients&) = delete;

    Status listen(int run_dir);
    // Nobody connects any more: whoever comes now reads the exit record.
    void stop_listening(int run_dir);
    // An attach connection that is there from the start, and lossless; `launcher`: the one on fd 4.
    Status adopt(UniqueFd socket, bool launcher);

    void broadcast_output(bool is_stderr, std::string_view bytes);
    // To everybody, attached or waiting.
    void broadcast(PacketType type, std::string_view payload);
    // While held, packets of clients that feed stdin stay in their sockets: the container does not
    // read, and no byte of theirs may be lost.
    void hold_input(bool held);

    [[nodiscard]] bool launcher_present() const { return launcher_fd_ >= 0; }

    // Nothing queued for anybody.
    [[nodiscard]] bool drained() const;

  private:
    struct Client {
        UniqueFd socket;
        uint8_t flags = 0;   // AttachFlags
        bool begun = false;  // has sent its first packet
        bool launcher = false;
        bool lossless = false;  // the container waits for it
        bool behind = false;    // and is waiting now
        bool deaf = false;      // reads no more; what it has sent still counts
        std::deque<std::string> queue;
        size_t queued_bytes = 0;
    };

    Status add(std::unique_ptr<Client> client);
    void watch(const Client& client);
    void send_to_all(uint8_t wanted_flags, const std::string& packet);
    void on_listener();
    void on_event(int fd, uint32_t events);
    bool read_packet(Client& client);
    bool handle(Client& client, const Packet& packet);
    bool begin(Client& client, const Packet& packet);
    void answer(Client& client, const Status& status);
    bool send(Client& client, std::string packet);
    void flush(Client& client);
    void catch_up(Client& client);
    void drop(int fd);

    EventLoop& loop_;
    ClientHandler& handler_;
    UniqueFd listener_;
    std::map<int, std::unique_ptr<Client>> clients_;
    int launcher_fd_ = -1;
    bool input_held_ = false;
};

}  // namespace dhow::shim
