// SPDX-License-Identifier: Apache-2.0
// Reads a container's k8s-file log (shim/k8s_log.h) as it stands, or as it grows. The log holds the
// container's own bytes: damaged lines are skipped, never trusted. Needs no help from the shim.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "engine/views.h"

#include <functional>
#include <optional>
#include <string>

namespace dhow::engine {

struct LogQuery {
    std::optional<int64_t> tail;  // lines
    std::optional<UnixNanos> since;
    std::optional<UnixNanos> until;
    bool stdout_wanted = true;
    bool stderr_wanted = true;
    // Set to follow: asked when nothing new has come; false means that no more will.
    std::function<bool()> may_grow;
};

// `path`, preceded by its rotated part "<path>.1". The sink returns false to end. A missing file is
// an empty log.
Status read_log_file(const std::string& path,
                     const LogQuery& query,
                     const std::function<bool(const LogRecord&)>& sink);

}  // namespace dhow::engine
