// SPDX-License-Identifier: Apache-2.0
// Listing and removing folders (base/file.h). Removal walks by fd, so that a folder swapped for a
// symbolic link in mid-walk leads nowhere.
#include "base/file.h"

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
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
    auto fd = open_at(dir, name, kFlags);
    if (fd || fd.error().sys_errno != EACCES) return fd;
    // A container may have left a folder that its owner cannot read: give the bits back.
    if (::fchmodat(dir, name.c_str(), 0700, 0) != 0) return fd;
    return open_at(dir, name, kFlags);
}

Status remove_entry(int dir, const std::string& name, dev_t device);

Status remove_children(int fd, dev_t device) {
    auto reopened = TRY(open_at(fd, ".", O_RDONLY | O_DIRECTORY));
    const auto stream = TRY(open_stream(std::move(reopened)));
    const auto names = TRY(names_of(stream.get()));
    for (const std::string& name : names) {
        TRY(remove_entry(fd, name, device));
    }
    return {};
}

Status remove_folder(int dir, const std::string& name, dev_t device) {
    const auto fd = TRY(open_for_removal(dir, name));

    struct stat st {};

    if (::fstat(fd.get(), &st) != 0) return system_error("stat '" + name + "'");
    if (st.st_dev != device) {
        return make_error(ErrorKind::Conflict, "remove '" + name + "': something is mounted there");
    }
    auto emptied = remove_children(fd.get(), device);
    if (!emptied && emptied.error().sys_errno == EACCES && ::fchmod(fd.get(), 0700) == 0) {
        emptied = remove_children(fd.get(), device);
    }
    TRY(std::move(emptied));
    if (::unlinkat(dir, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return {};
    return system_error("remove folder '" + name + "'");
}

Status remove_entry(int dir, const std::string& name, dev_t device) {
    if (::unlinkat(dir, name.c_str(), 0) == 0 || errno == ENOENT) return {};
    if (errno != EISDIR) return system_error("remove '" + name + "'");
    return remove_folder(dir, name, device);
}

}  // namespace

Status remove_tree_at(int dir, const std::string& path) {
    struct stat st {};

    if (::fstatat(dir, path.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return {};
        return system_error("stat '" + path + "'");
    }
    return remove_entry(dir, path, st.st_dev);
}

Result<std::vector<std::string>> list_dir_at(int dir, const std::string& path) {
    auto fd = TRY(open_dir_at(dir, path));
    const auto stream = TRY(open_stream(std::move(fd)));
    return names_of(stream.get());
}

}  // namespace dhow
