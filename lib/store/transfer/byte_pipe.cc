// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/byte_pipe.h"

#include <algorithm>

namespace dhow::store {

// Enough that neither end waits for the other's every call.
static constexpr size_t kHeld = 1U << 20U;

Status BytePipe::write(std::string_view bytes) {
    while (!bytes.empty()) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return bytes_.size() < kHeld || abandoned_; });
        if (abandoned_) return make_error(ErrorKind::Internal, "nobody takes these bytes");
        const size_t taken = std::min(bytes.size(), kHeld - bytes_.size());
        bytes_ += bytes.substr(0, taken);
        bytes.remove_prefix(taken);
        changed_.notify_all();
    }
    return {};
}

void BytePipe::close(Status how) {
    const std::lock_guard lock(mutex_);
    if (!closed_) closed_ = std::move(how);
    changed_.notify_all();
}

Result<size_t> BytePipe::read(char* buffer, size_t size) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !bytes_.empty() || closed_; });
    if (closed_ && !*closed_) return closed_->error();
    const size_t taken = std::min(size, bytes_.size());
    bytes_.copy(buffer, taken);
    bytes_.erase(0, taken);
    changed_.notify_all();
    return taken;
}

void BytePipe::abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
}

}  // namespace dhow::store
