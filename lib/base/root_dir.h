// SPDX-License-Identifier: Apache-2.0
// RootDir: every path below one folder fd, resolved by the kernel as if that folder were `/`
// (openat2(2), RESOLVE_IN_ROOT) or refused at the first symbolic link (RESOLVE_NO_SYMLINKS). The
// only way dhow touches a tree that an image, a container or an API client can influence: no path
// string is ever resolved twice, so nothing can be swapped in between (CVE-2019-14271,
// CVE-2021-30465).
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

#include <string>
#include <string_view>

#include <sys/stat.h>

namespace dhow {

class RootDir {
  public:
    enum class Links {
        InRoot,   // follow, with the root as `/`: what a process chrooted there would see
        Refuse,   // ELOOP at any symbolic link, also the last
        Beneath,  // follow, but an escape is an error (EXDEV)
    };

    // Takes an open folder; all later calls resolve below it.
    explicit RootDir(UniqueFd folder) : folder_(std::move(folder)) {}

    static Result<RootDir> open(const std::string& path);

    [[nodiscard]] int fd() const { return folder_.get(); }

    [[nodiscard]] Result<UniqueFd> open_at(const std::string& path,
                                           int flags,
                                           mode_t mode = 0,
                                           Links links = Links::InRoot) const;
    // The folder `path`, every missing component created with `mode`; links followed in root.
    [[nodiscard]] Result<UniqueFd> make_dirs(const std::string& path, mode_t mode = 0755) const;
    // At most `limit` bytes of a regular file; FIFOs and devices are refused, never waited on.
    [[nodiscard]] Result<std::string> read_file(const std::string& path, size_t limit) const;
    // The parent folder of `path` and its last component, for *at() calls that create or remove.
    [[nodiscard]] Result<std::pair<UniqueFd, std::string>> parent_of(const std::string& path) const;

  private:
    UniqueFd folder_;
};

}  // namespace dhow
