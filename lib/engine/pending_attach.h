// SPDX-License-Identifier: Apache-2.0
// Attaching before the start, as Docker's API has it: whoever wants to be attached listens on a
// socket in the container's run folder, `wait-attach/<random>.sock`; the start connects to each and
// hands the connections to the shim, so that they are there before the first byte of output.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "shim/client.h"

#include <string>
#include <vector>

namespace dhow::engine {

class Engine;

inline constexpr const char* kPendingFolder = "wait-attach";

// One who waits for a start that somebody else makes. The socket file goes with it.
class [[nodiscard]] PendingAttach {
  public:
    // For a container that does not run yet.
    static Result<PendingAttach> announce(Engine& engine, const std::string& container);

    PendingAttach(PendingAttach&&) noexcept = default;
    PendingAttach& operator=(PendingAttach&&) = delete;
    ~PendingAttach();

    // Readable once the container is being started.
    [[nodiscard]] int fd() const { return listener_.get(); }

    // The connection to the shim: all output, and stdin, unless `flags` (shim::AttachFlags) say
    // less. Call when fd() is readable.
    Result<shim::Connection> accept(uint8_t flags);

  private:
    PendingAttach(UniqueFd folder, std::string name, UniqueFd listener)
        : folder_(std::move(folder)), name_(std::move(name)), listener_(std::move(listener)) {}

    UniqueFd folder_;
    std::string name_;
    UniqueFd listener_;
};

// `run_dir`: the container's run folder. Sockets nobody listens on any more are removed.
Result<std::vector<UniqueFd>> collect_pending_attaches(int run_dir);

}  // namespace dhow::engine
