// SPDX-License-Identifier: Apache-2.0
#include "store/reserve.h"

#include "base/file.h"

#include <algorithm>
#include <cstdint>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace dhow::store {

namespace {

constexpr const char* kReserve = "reserve";
constexpr uint64_t kSize = 1U << 20U;
constexpr uint64_t kPlenty = 8U << 20U;  // below it, the reserve would itself be what is missing
constexpr uint64_t kBlock = 4096;

// In bytes; plenty where it cannot be told.
uint64_t free_space(int root) {
    struct statvfs disk {};

    if (::fstatvfs(root, &disk) != 0) return kPlenty;
    return static_cast<uint64_t>(disk.f_bavail) * disk.f_frsize;
}

// Without it things go on as before, so nothing is made of an error.
void set_aside(int root, uint64_t bytes) {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_NOFOLLOW;
    const auto file = open_at(root, kReserve, kFlags, 0600);
    if (file) {
        ignore(::posix_fallocate(file->get(), 0, static_cast<off_t>(bytes)),
               "what could be had is had");
    }
}

}  // namespace

void keep_reserve(int root) {
    if (::faccessat(root, kReserve, F_OK, AT_SYMLINK_NOFOLLOW) == 0) return;
    if (free_space(root) >= kPlenty) set_aside(root, kSize);
}

Room::Room(int root) : root_(root), spent_(free_space(root) < kSize) {
    if (spent_) ignore(remove_file_at(root_, kReserve), "there may be none");
}

Room::~Room() {
    if (!spent_) return;
    const uint64_t bytes = std::min(kSize, free_space(root_)) / kBlock * kBlock;
    if (bytes != 0) set_aside(root_, bytes);
}

}  // namespace dhow::store
