// SPDX-License-Identifier: Apache-2.0
#include "store/copy_tree.h"

#include "base/file.h"
#include "base/text.h"

#include <cerrno>
#include <map>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace dhow::store {

namespace {

// Each level holds two descriptors and a stack frame; the tree is hostile.
constexpr int kMaxDepth = 512;
constexpr size_t kMaxXattrs = 65536;  // XATTR_LIST_MAX, XATTR_SIZE_MAX

using Inode = std::pair<dev_t, ino_t>;

struct Copy {
    const RootDir& target_root;
    std::map<Inode, std::string> links;  // files with several names: where the first one went
    bool failure_named = false;          // by the innermost folder: those around it need not
};

// One folder on each side, and the way from the target's root to it.
struct Place {
    const RootDir& source;
    const RootDir& target;
    std::string path;
    int depth;
};

Error failed(std::string_view verb, const Place& place, const std::string& name) {
    return system_error(std::string(verb) + " '" + printable(place.path + name) + "'");
}

// Security attributes belong to the host's policy, overlay's own to the layers; the rest is
// content.
bool is_copied(std::string_view name) {
    if (name.starts_with("trusted.")) return false;
    if (name.starts_with("user.overlay.")) return false;
    return !name.starts_with("security.") || name == "security.capability";
}

Status copy_xattr(int source, int target, const char* name) {
    std::vector<char> value(kMaxXattrs);
    const ssize_t size = ::fgetxattr(source, name, value.data(), value.size());
    if (size < 0 && errno == ENODATA) return {};
    if (size < 0) return system_error("read attribute '" + printable(name) + "'");
    if (::fsetxattr(target, name, value.data(), static_cast<size_t>(size), 0) == 0) return {};
    if (errno == EOPNOTSUPP) return {};  // the volume's file system has none
    return system_error("set attribute '" + printable(name) + "'");
}

Status copy_xattrs(int source, int target) {
    std::vector<char> names(kMaxXattrs);
    const ssize_t size = ::flistxattr(source, names.data(), names.size());
    if (size < 0 && errno == EOPNOTSUPP) return {};
    if (size < 0) return system_error("list attributes");
    for (const char* name = names.data(); name < names.data() + size;) {
        const std::string_view view(name);
        if (is_copied(view)) TRY(copy_xattr(source, target, name));
        name += view.size() + 1;
    }
    return {};
}

// chown clears set-id bits and capabilities, so it comes first; times last.
Status copy_metadata(int source, int target, const struct stat& st) {
    if (::fchown(target, st.st_uid, st.st_gid) != 0) return system_error("set owner");
    if (::fchmod(target, st.st_mode & 07777) != 0) return system_error("set mode");
    TRY(copy_xattrs(source, target));
    const timespec times[2] = {st.st_atim, st.st_mtim};
    if (::futimens(target, times) != 0) return system_error("set times");
    return {};
}

// One run of data between holes. copy_file_range(2) shares blocks where the file system can.
Status copy_range(int source, int target, off_t begin, off_t end) {
    off_t from = begin;
    off_t to = begin;
    while (from < end) {
        const auto want = static_cast<size_t>(end - from);
        const ssize_t got = ::copy_file_range(source, &from, target, &to, want, 0);
        if (got > 0) continue;
        if (got == 0) return {};  // cut short meanwhile
        if (errno == EINTR) continue;
        if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS) {
            return system_error("copy data");
        }
        char buffer[65536];
        const size_t chunk = want < sizeof buffer ? want : sizeof buffer;
        const ssize_t read = ::pread(source, buffer, chunk, from);
        if (read < 0) return system_error("read data");
        if (read == 0) return {};
        const ssize_t put = ::pwrite(target, buffer, static_cast<size_t>(read), to);
        if (put < 0) return system_error("write data");
        from += put;
        to += put;
    }
    return {};
}

Status copy_data(int source, int target, off_t size) {
    for (off_t at = 0; at < size;) {
        off_t begin = ::lseek(source, at, SEEK_DATA);
        if (begin < 0 && errno == ENXIO) break;  // a hole up to the end
        if (begin < 0) begin = at;               // no SEEK_DATA here: all of it is data
        off_t end = ::lseek(source, begin, SEEK_HOLE);
        if (end < 0) end = size;
        TRY(copy_range(source, target, begin, end));
        at = end;
    }
    if (::ftruncate(target, size) != 0) return system_error("set size");
    return {};
}

Status copy_file(const Place& place, const std::string& name) {
    constexpr int kRead = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    constexpr int kWrite = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
    const auto source = TRY(place.source.open_at(name, kRead, 0, RootDir::Links::Refuse));

    struct stat st {};

    if (::fstat(source.get(), &st) != 0) return failed("stat", place, name);
    if (!S_ISREG(st.st_mode)) {
        return make_error(ErrorKind::Conflict,
                          "'" + printable(name) + "' changed while being copied");
    }
    const auto target = TRY(place.target.open_at(name, kWrite, 0600, RootDir::Links::Refuse));
    TRY(copy_data(source.get(), target.get(), st.st_size));
    return copy_metadata(source.get(), target.get(), st);
}

Status copy_symlink(const Place& place, const std::string& name, const struct stat& st) {
    const std::string text = TRY(read_link_at(place.source.fd(), name));
    if (::symlinkat(text.c_str(), place.target.fd(), name.c_str()) != 0) {
        return failed("create link", place, name);
    }
    const int target = place.target.fd();
    if (::fchownat(target, name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
        return failed("set owner of", place, name);
    }
    const timespec times[2] = {st.st_atim, st.st_mtim};
    if (::utimensat(target, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
        return failed("set times of", place, name);
    }
    return {};
}

// FIFOs, sockets, devices. Device nodes are left out where the kernel does not let us make them.
Status copy_special(const Place& place, const std::string& name, const struct stat& st) {
    const int target = place.target.fd();
    if (::mknodat(target, name.c_str(), st.st_mode, st.st_rdev) != 0) {
        const bool device = S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode);
        if (device && errno == EPERM) return {};
        return failed("create", place, name);
    }
    if (::fchownat(target, name.c_str(), st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
        return failed("set owner of", place, name);
    }
    // The entry was made a moment ago in a folder that nobody else has: it is no symbolic link.
    if (::fchmodat(target, name.c_str(), st.st_mode & 07777, 0) != 0) {
        return failed("set mode of", place, name);
    }
    return {};
}

// True when `name` is one more name of a file that was copied already.
Result<bool> copy_as_link(Copy& copy, const Place& place, const std::string& name, Inode inode) {
    const auto first = copy.links.find(inode);
    if (first == copy.links.end()) {
        copy.links.emplace(inode, place.path + name);
        return false;
    }
    const auto [folder, entry] = TRY(copy.target_root.parent_of(first->second));
    if (::linkat(folder.get(), entry.c_str(), place.target.fd(), name.c_str(), 0) != 0) {
        return failed("create hard link", place, name);
    }
    return true;
}

Status copy_folder(Copy& copy, const Place& place);

Status copy_subfolder(Copy& copy, const Place& place, const std::string& name) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
    if (place.depth >= kMaxDepth) {
        return make_error(ErrorKind::Unsupported,
                          "folders nested deeper than " + std::to_string(kMaxDepth));
    }
    auto source_fd = TRY(place.source.open_at(name, kFlags, 0, RootDir::Links::Refuse));

    struct stat st {};

    if (::fstat(source_fd.get(), &st) != 0) return failed("stat", place, name);
    if (::mkdirat(place.target.fd(), name.c_str(), 0700) != 0) {
        return failed("create folder", place, name);
    }
    auto target_fd = TRY(place.target.open_at(name, kFlags, 0, RootDir::Links::Refuse));
    const RootDir source(std::move(source_fd));
    const RootDir target(std::move(target_fd));
    TRY(copy_folder(copy, {source, target, place.path + name + "/", place.depth + 1}));
    return copy_metadata(source.fd(), target.fd(), st);
}

Status copy_entry(Copy& copy, const Place& place, const std::string& name) {
    struct stat st {};

    if (::fstatat(place.source.fd(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return failed("stat", place, name);
    }
    if (S_ISDIR(st.st_mode)) return copy_subfolder(copy, place, name);
    if (st.st_nlink > 1) {
        const Inode inode(st.st_dev, st.st_ino);
        if (TRY(copy_as_link(copy, place, name, inode))) return {};
    }
    if (S_ISREG(st.st_mode)) return copy_file(place, name);
    if (S_ISLNK(st.st_mode)) return copy_symlink(place, name, st);
    return copy_special(place, name, st);
}

Status copy_folder(Copy& copy, const Place& place) {
    const auto names = TRY(list_dir_at(place.source.fd(), "."));
    for (const std::string& name : names) {
        auto copied = copy_entry(copy, place, name);
        if (copied) continue;
        if (std::exchange(copy.failure_named, true)) return copied;
        return std::move(copied).error().context("copy '" + printable(place.path + name) + "'");
    }
    return {};
}

}  // namespace

Status copy_tree(int source, int target) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY;
    auto source_fd = TRY(open_at(source, ".", kFlags));
    auto target_fd = TRY(open_at(target, ".", kFlags));

    struct stat st {};

    if (::fstat(source_fd.get(), &st) != 0) return system_error("stat the folder to copy");
    const RootDir source_root(std::move(source_fd));
    const RootDir target_root(std::move(target_fd));
    Copy copy{target_root, {}, false};
    TRY(copy_folder(copy, {source_root, target_root, "", 0}));
    return copy_metadata(source_root.fd(), target_root.fd(), st);
}

}  // namespace dhow::store
