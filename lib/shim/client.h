// SPDX-License-Identifier: Apache-2.0
// The engine's side of a shim: starting one, and talking to one that runs. Nothing here waits
// longer than the shim takes to answer; a shim that is gone is NotFound.
#pragma once

#include "base/process.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "shim/protocol.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::shim {

// One connection (attach, wait, or the start socket). Movable; closes on destruction.
class Connection {
  public:
    explicit Connection(UniqueFd socket) : socket_(std::move(socket)) {}

    [[nodiscard]] int fd() const { return socket_.get(); }

    Status send(PacketType type, std::string_view payload = {});
    // Splits at kMaxPacket - 1. Blocks while the shim's buffer is full.
    Status send_stdin(std::string_view bytes);
    Status send_resize(unsigned rows, unsigned columns);
    // The next packet; nullopt when the shim closed the connection. Blocks; poll fd() to avoid
    // that.
    Result<std::optional<Packet>> receive();

  private:
    UniqueFd socket_;
};

struct Launched {
    Connection connection;  // an attach connection when config.foreground; else closed by the shim
    ShimStatus status;
    Child shim;  // detach() it to leave it behind
};

struct LaunchOptions {
    std::string program;            // absolute path of dhow-shim
    std::vector<UniqueFd> clients;  // attach connections to hand over
    int cgroup = -1;                // as in SpawnOptions
    bool sibling = false;
};

// Spawns the shim with the config and waits for Started or Failed. The Error of a Failed packet is
// returned as it is: CannotInvoke and CommandNotFound included.
Result<Launched> launch(const LaunchOptions& options, const ShimConfig& config);

// `run_dir_fd`: the container's run folder.
Result<Connection> attach(int run_dir_fd, uint8_t flags);
Result<Connection> open_wait(int run_dir_fd);
Status send_signal(int run_dir_fd, int signal);
// Returns once the shim has accepted; the connection then yields Exited.
Result<Connection> request_stop(int run_dir_fd, int signal, int timeout_seconds);

// Reads `<run_dir>/status`, `<state_dir>/exit`; nullopt when the file is not there.
Result<std::optional<ShimStatus>> read_status(int run_dir_fd);
Result<std::optional<ExitRecord>> read_exit(int state_dir_fd);

}  // namespace dhow::shim
