// SPDX-License-Identifier: Apache-2.0
// The shim's end of a container's log: appends k8s-file records, one write(2) a chunk, never
// synced. A log over its bound is renamed to "<log>.1" and begun anew. A full disk loses log lines,
// never the container; a record that was cut off is never continued by the next.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace dhow::shim {

class LogWriter {
  public:
    // An empty path keeps no log. `max_bytes` 0: unbounded.
    static Result<LogWriter> open(const std::string& path, uint64_t max_bytes);

    void write(bool is_stderr, std::string_view chunk);

  private:
    void rotate();

    std::string path_;
    uint64_t max_bytes_ = 0;
    uint64_t size_ = 0;
    UniqueFd file_;
    bool torn_ = false;   // the file may end in the middle of a record
    std::string buffer_;  // kept, so that a busy container costs no allocation a line
};

}  // namespace dhow::shim
