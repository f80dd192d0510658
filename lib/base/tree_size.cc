// SPDX-License-Identifier: Apache-2.0
#include "base/tree_size.h"

#include "base/file.h"

#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

namespace dhow {

namespace {

class TreeSize {
  public:
    explicit TreeSize(const RootDir& tree) : tree_(tree) {}

    // Folders wait by their paths, not their descriptors: a tree may be deeper than a process may
    // have files open.
    Result<uint64_t> measure() {
        std::vector<std::string> waiting = {"."};
        while (!waiting.empty()) {
            const std::string folder = std::move(waiting.back());
            waiting.pop_back();
            TRY(add_folder(folder, waiting));
        }
        return bytes_;
    }

  private:
    static bool may_vanish(int error) {
        return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
    }

    Status add_folder(const std::string& path, std::vector<std::string>& waiting) {
        constexpr int kFlags = O_RDONLY | O_DIRECTORY;
        const auto folder = tree_.open_at(path, kFlags, 0, RootDir::Links::Refuse);
        if (!folder && may_vanish(folder.error().sys_errno)) return {};
        if (!folder) return folder.error();
        for (const std::string& name : TRY(list_dir_at(folder->get(), "."))) {
            struct stat st {};

            if (::fstatat(folder->get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
            if (S_ISDIR(st.st_mode)) waiting.push_back(path + "/" + name);
            if (S_ISREG(st.st_mode) && is_new(st)) bytes_ += static_cast<uint64_t>(st.st_size);
        }
        return {};
    }

    bool is_new(const struct stat& st) {
        return st.st_nlink == 1 || seen_.insert({st.st_dev, st.st_ino}).second;
    }

    const RootDir& tree_;
    uint64_t bytes_ = 0;
    std::set<std::pair<dev_t, ino_t>> seen_;  // of those with several links
};

}  // namespace

Result<uint64_t> tree_size(const RootDir& tree) {
    return TreeSize(tree).measure();
}

}  // namespace dhow
