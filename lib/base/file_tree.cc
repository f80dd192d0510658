// SPDX-License-Identifier: Apache-2.0
// Listing and removing folders (base/file.h). Removal walks by fd, so that a folder swapped for a
// symbolic link in mid-walk leads nowhere.
#include "base/file.h"
#include "base/random.h"

#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>

namespace dhow {

namespace {

struct DirCloser {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

using DirStream = std::unique_ptr<DIR, DirCloser>;

Result<DirStream> open_stream(UniqueFd fd) {
    DIR* stream = ::fdopendir(fd.get());
    if (stream == nullptr) return system_error("read folder");
    ignore(fd.release(), "fdopendir owns it now");
    return DirStream(stream);
}

Result<std::vector<std::string>> names_of(DIR* stream) {
    std::vector<std::string> names;
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(stream);  // NOLINT(concurrency-mt-unsafe): one thread
        if (entry == nullptr && errno != 0) return system_error("read folder");
        if (entry == nullptr) return names;
        const std::string_view name(entry->d_name);
        if (name != "." && name != "..") names.emplace_back(name);
    }
}

Result<UniqueFd> open_for_removal(int dir, const std::string& name) {
    constexpr int kFlags = O_DIRECTORY | O_NOFOLLOW;
    auto fd = open_at(dir, name, O_RDONLY | kFlags);
    if (fd || fd.error().sys_errno != EACCES) return fd;
    // A container may have left a folder that its owner cannot read: give the bits back, to what is
    // held open and not to what the name may mean by now.
    const auto held = TRY(open_at(dir, name, O_PATH | kFlags));
    if (::chmod(fd_path(held.get()).c_str(), 0700) != 0) return fd;
    return open_at(dir, name, O_RDONLY | kFlags);
}

Status unlink_at(int dir, const std::string& name, int flags) {
    if (::unlinkat(dir, name.c_str(), flags) == 0 || errno == ENOENT) return {};
    return system_error("remove '" + name + "'");
}

// One tree on its way out. Each level costs a descriptor and a stack frame, and a container decides
// how many there are: what is deeper than kMaxDepth is moved to the top and removed from there.
class Removal {
  public:
    Removal(int top, dev_t device) : top_(top), device_(device) {}

    Status empty_top() {
        TRY(empty(top_, 0));
        while (!moved_up_.empty()) {
            const std::string name = std::move(moved_up_.back());
            moved_up_.pop_back();
            TRY(remove_entry(top_, name, 1));
        }
        return {};
    }

  private:
    static constexpr int kMaxDepth = 64;

    Status empty(int folder, int depth) {
        auto emptied = remove_children(folder, depth);
        if (emptied || emptied.error().sys_errno != EACCES) return emptied;
        if (::fchmod(folder, 0700) != 0) return emptied;
        return remove_children(folder, depth);
    }

    Status remove_children(int folder, int depth) {
        const auto names = TRY(list_dir_at(folder, "."));
        for (const std::string& name : names) TRY(remove_entry(folder, name, depth + 1));
        return {};
    }

    Status remove_entry(int dir, const std::string& name, int depth) {
        auto unlinked = unlink_at(dir, name, 0);
        if (unlinked || unlinked.error().sys_errno != EISDIR) return unlinked;
        return depth > kMaxDepth ? move_up(dir, name) : remove_folder(dir, name, depth);
    }

    Status remove_folder(int dir, const std::string& name, int depth) {
        const auto folder = TRY(open_for_removal(dir, name));

        struct stat st {};

        if (::fstat(folder.get(), &st) != 0) return system_error("stat '" + name + "'");
        if (st.st_dev != device_) {
            return make_error(ErrorKind::Conflict,
                              "remove '" + name + "': something is mounted there");
        }
        TRY(empty(folder.get(), depth));
        return unlink_at(dir, name, AT_REMOVEDIR);
    }

    Status move_up(int dir, const std::string& name) {
        const std::string there = "deep-" + random_hex(8);
        if (::renameat(dir, name.c_str(), top_, there.c_str()) != 0) {
            // A folder that changes its parent must itself be writable.
            const auto folder = TRY(open_for_removal(dir, name));
            ::fchmod(folder.get(), 0700);
            if (::renameat(dir, name.c_str(), top_, there.c_str()) != 0) {
                return system_error("move '" + name + "'");
            }
        }
        moved_up_.push_back(there);
        return {};
    }

    int top_;
    dev_t device_;
    std::vector<std::string> moved_up_;
};

}  // namespace

Status remove_tree_at(int dir, const std::string& path) {
    auto unlinked = unlink_at(dir, path, 0);
    // Where the parent may not be written to, EACCES comes before it is known what this is.
    if (unlinked || unlinked.error().sys_errno != EISDIR) return unlinked;
    const auto top = TRY(open_for_removal(dir, path));

    struct stat st {};

    if (::fstat(top.get(), &st) != 0) return system_error("stat '" + path + "'");
    TRY(Removal(top.get(), st.st_dev).empty_top());
    return unlink_at(dir, path, AT_REMOVEDIR);
}

Result<std::vector<std::string>> list_dir_at(int dir, const std::string& path) {
    auto fd = TRY(open_dir_at(dir, path));
    const auto stream = TRY(open_stream(std::move(fd)));
    return names_of(stream.get());
}

}  // namespace dhow
