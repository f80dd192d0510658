// SPDX-License-Identifier: Apache-2.0
// A bounded pipe between two threads of dhow-transfer: one makes a blob's bytes, the other takes
// them as libcurl asks. Either end may fail: the other hears of it and stops.
#pragma once

#include "base/result.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace dhow::store {

class BytePipe {
  public:
    // Waits for room. An error when the reader has gone.
    Status write(std::string_view bytes);
    // No more comes: the end, or what went wrong.
    void close(Status how);
    // Waits for bytes; 0: the end. The writer's error comes back here.
    Result<size_t> read(char* buffer, size_t size);
    // Lets a waiting writer go.
    void abandon();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string bytes_;
    std::optional<Status> closed_;
    bool abandoned_ = false;
};

}  // namespace dhow::store
