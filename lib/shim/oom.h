// SPDX-License-Identifier: Apache-2.0
// Whether the kernel killed for lack of memory in the container's own cgroup: memory.events on v2,
// memory.oom_control on v1 (kernel documentation, cgroup-v2.rst and cgroup-v1/memory.rst). Looked
// up while the container runs: on v1 a zombie seems to be in the root group.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace dhow::shim {

// The files that may count for one line of /proc/PID/cgroup: "4:memory:/path" on v1, "0::/path" on
// v2, which is mounted below on a hybrid.
std::vector<std::string> oom_event_files(std::string_view cgroup_line);
// The count in such a file; nullopt where it has none (v1 before Linux 4.13).
std::optional<uint64_t> parse_oom_kills(std::string_view events);

class OomWatch {
  public:
    // Finds the cgroup of `pid`; one that it shares with the shim tells nothing.
    void begin(pid_t pid);
    // Since begin(); false where it cannot be told.
    [[nodiscard]] bool killed() const;

  private:
    std::string events_file_;
    uint64_t kills_before_ = 0;
};

}  // namespace dhow::shim
