// SPDX-License-Identifier: Apache-2.0
// The bytes of a hijacked connection: what the client types goes one way, what the container prints
// the other, neither waiting for the other. One chunk is held each way; nothing more is read until
// it is gone, so a slow reader slows the writer down and no memory grows.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "cmd/api/frames.h"
#include "cmd/api/http.h"
#include "engine/engine.h"
#include "engine/exec_streams.h"

#include <functional>
#include <string>
#include <string_view>

#include <poll.h>

namespace dhow::api {

// The client's end.
class ClientStream {
  public:
    // `framed`: output is multiplexed. `with_input` false: what the client sends is read away.
    ClientStream(HttpConnection::Hijacked hijacked, bool framed, bool with_input);

    // What to poll for.
    [[nodiscard]] pollfd wish() const;
    // Acts on what poll found; false: the client has gone.
    bool act(short events);

    [[nodiscard]] bool can_take_output() const { return output_.empty(); }

    void put_output(StreamId stream, std::string_view bytes);
    // The last words, written to the end.
    void finish();

    // Input not yet passed on.
    [[nodiscard]] const std::string& input() const { return input_; }

    void drop_input(size_t bytes) { input_.erase(0, bytes); }

    // The client has closed its sending half; input() may still hold bytes.
    [[nodiscard]] bool input_ended() const { return input_ended_; }

  private:
    bool read_input();
    bool write_output();

    UniqueFd socket_;
    bool framed_;
    bool with_input_;
    bool input_ended_ = false;
    std::string input_;
    std::string output_;
};

// Until the container has ended, or the client has gone.
Status relay_container(ClientStream& client, shim::Connection& connection, bool with_input);

// Until the process's output has ended, or the client has gone. `control`: a listener for
// "ROWS COLUMNS" packets, the sizes of a terminal.
Status relay_exec(ClientStream& client, engine::ExecStreams& streams, int control);

}  // namespace dhow::api
