// SPDX-License-Identifier: Apache-2.0
// Files of dhow's own state folders, reached by folder fd and a single-component or trusted
// relative name. Trees that a container or image can influence go through RootDir instead.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>
#include <sys/types.h>

namespace dhow {

// openat(2) with O_CLOEXEC always added. `dir` may be AT_FDCWD for absolute paths of ours.
Result<UniqueFd> open_at(int dir, const std::string& path, int flags, mode_t mode = 0);
// O_PATH would not do for fsync: opens with O_RDONLY | O_DIRECTORY.
Result<UniqueFd> open_dir_at(int dir, const std::string& path);
// Creates a folder if missing (mode exactly as given, umask aside) and opens it.
Result<UniqueFd> make_dir_at(int dir, const std::string& path, mode_t mode = 0700);
// Creates `path` and its missing parents, each `mode`.
Status make_dirs(const std::string& path, mode_t mode = 0700);

// The whole file, at most `limit` bytes (an error beyond it).
Result<std::string> read_file_at(int dir, const std::string& path, size_t limit = 16U << 20U);
Result<std::string> read_all(int fd, size_t limit = 16U << 20U);
Status write_all(int fd, std::string_view bytes);
// Writes to an existing file in one write(2): for procfs, sysfs and cgroupfs.
Status write_existing_at(int dir, const std::string& path, std::string_view bytes);

enum class Durability { None, Synced };
// temp + (fsync) + rename + (fsync of the folder): readers see the old content or the new.
Status replace_file_at(int dir,
                       const std::string& path,
                       std::string_view bytes,
                       mode_t mode = 0600,
                       Durability durability = Durability::Synced);

// unlinkat; a missing file is success.
Status remove_file_at(int dir, const std::string& path);
// Removes a tree without ever following a symbolic link or leaving the file system it began on;
// a missing tree is success. Restores u+rwx on folders that lack it. Only for trees nobody mounts
// in.
Status remove_tree_at(int dir, const std::string& path);
bool exists_at(int dir, const std::string& path);
Result<std::vector<std::string>> list_dir_at(int dir, const std::string& path);
Result<std::string> read_link_at(int dir, const std::string& path);

Status set_non_blocking(int fd);

// "/proc/self/fd/N", to hand an open file to calls that only take paths.
std::string fd_path(int fd);

// An advisory whole-file lock (flock(2)) on an open lock file; the kernel frees it with the
// process.
class [[nodiscard]] FileLock {
  public:
    enum class Mode { Shared, Exclusive };

    // Blocks until held. Creates the file (0600) if it is missing.
    static Result<FileLock> acquire_at(int dir, const std::string& path, Mode mode);
    // nullopt when somebody else holds it.
    static Result<std::optional<FileLock>> try_acquire_at(int dir,
                                                          const std::string& path,
                                                          Mode mode);

    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}

    UniqueFd fd_;
};

}  // namespace dhow
