// SPDX-License-Identifier: Apache-2.0
// What every verb works with: the opened store and run folder of one user, and whether this process
// has already joined that user's namespaces. Internal to the engine.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/engine.h"
#include "store/store.h"

#include <string>
#include <string_view>

namespace dhow::engine {

struct Context {
    store::Store store;
    std::string run_root_path;  // absolute
    UniqueFd run_root;
    std::string default_runtime;  // --runtime for new containers; may be empty
    TerminalSize terminal;        // the caller's; zeros: unknown
    bool rootless = true;
    bool entered = false;

    // Joins the user's namespaces (rootless) and a mount namespace of this process's own, once.
    // Verbs that mount, or touch files of subordinate ids, call it; ps and inspect never do.
    Status enter();

    [[nodiscard]] std::string container_run_dir(std::string_view id) const;
    [[nodiscard]] std::string container_state_dir(std::string_view id) const;
    // The OCI runtime's --root.
    [[nodiscard]] std::string runtime_root() const;
};

}  // namespace dhow::engine
