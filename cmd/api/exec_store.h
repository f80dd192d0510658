// SPDX-License-Identifier: Apache-2.0
// Exec sessions between the requests of a client, which come by different connections and so to
// different processes: one small file each in `<run root>/exec/`, beside it the socket by which a
// running session is resized.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/requests.h"

#include <optional>
#include <string>

#include <sys/types.h>

namespace dhow::api {

struct ExecSession {
    std::string id;  // 64 hex digits
    engine::ExecRequest request;
    bool running = false;
    pid_t pid = 0;
    std::optional<int> exit_code;
};

class ExecStore {
  public:
    static Result<ExecStore> open(const std::string& run_root);

    // Writes a new session, and forgets those that ended an hour ago or more.
    Result<std::string> add(const engine::ExecRequest& request);
    // NotFound: "No such exec instance".
    Result<ExecSession> find(const std::string& id) const;
    Status save(const ExecSession& session) const;

    // Where the process that serves a session takes new sizes.
    Result<UniqueFd> listen_for_sizes(const std::string& id) const;
    void stop_listening(const std::string& id) const;
    Status send_size(const std::string& id, unsigned rows, unsigned columns) const;

  private:
    explicit ExecStore(UniqueFd folder) : folder_(std::move(folder)) {}

    void forget_old() const;

    UniqueFd folder_;
};

}  // namespace dhow::api
