// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/tree_tar.h"

#include "base/file.h"
#include "base/text.h"
#include "store/transfer/layer_apply.h"
#include "store/transfer/tar_writer.h"

#include <algorithm>
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

// Each level holds a descriptor and a stack frame; the tree is hostile.
constexpr int kMaxDepth = 512;
constexpr size_t kMaxXattrs = 65536;  // XATTR_LIST_MAX, XATTR_SIZE_MAX

using Inode = std::pair<dev_t, ino_t>;

std::optional<TarType> type_of(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFREG:
            return TarType::Regular;
        case S_IFDIR:
            return TarType::Directory;
        case S_IFLNK:
            return TarType::SymbolicLink;
        case S_IFCHR:
            return TarType::CharDevice;
        case S_IFBLK:
            return TarType::BlockDevice;
        case S_IFIFO:
            return TarType::Fifo;
        default:
            return std::nullopt;
    }
}

class Walk {
  public:
    Walk(const TreeTarOptions& options, const ByteSink& sink) : options_(options), sink_(sink) {}

    Status folder(int fd, const std::string& path, int depth);

    Status finish() { return sink_(tar_end()); }

  private:
    Status entry(int parent, const std::string& name, const std::string& path, int depth);
    Status subfolder(int parent, const std::string& name, TarEntry entry, int depth);
    Status file(int parent, const std::string& name, TarEntry entry, const struct stat& st);
    Status data(int fd, uint64_t size, const std::string& path);
    Status mark(const std::string& path);

    const TreeTarOptions& options_;
    const ByteSink& sink_;
    std::map<Inode, std::string> links_;  // files with several names: the first of them
};

Error failed(std::string_view verb, const std::string& path) {
    return system_error(std::string(verb) + " '" + printable(path) + "'");
}

TarEntry entry_of(const struct stat& st, TarType type, const std::string& path) {
    TarEntry entry;
    entry.type = type;
    entry.path = path;
    entry.mode = st.st_mode & 07777U;
    entry.uid = st.st_uid;
    entry.gid = st.st_gid;
    entry.mtime_seconds = st.st_mtim.tv_sec;
    entry.mtime_nanos = st.st_mtim.tv_nsec;
    if (type == TarType::CharDevice || type == TarType::BlockDevice) {
        entry.device_major = major(st.st_rdev);
        entry.device_minor = minor(st.st_rdev);
    }
    return entry;
}

Status read_xattrs(int fd, TarEntry& entry) {
    std::vector<char> names(kMaxXattrs);
    const ssize_t size = ::flistxattr(fd, names.data(), names.size());
    if (size < 0 && errno == EOPNOTSUPP) return {};
    if (size < 0) return failed("list attributes of", entry.path);
    for (const char* name = names.data(); name < names.data() + size;) {
        const std::string_view view(name);
        if (allowed_attribute(view)) {
            std::vector<char> value(kMaxXattrs);
            const ssize_t length = ::fgetxattr(fd, name, value.data(), value.size());
            if (length < 0 && errno != ENODATA) return failed("read attributes of", entry.path);
            if (length >= 0) {
                entry.xattrs[std::string(view)] =
                    std::string(value.data(), static_cast<size_t>(length));
            }
        }
        name += view.size() + 1;
    }
    return {};
}

bool is_opaque(int fd) {
    char value = 0;
    for (const char* name : {"user.overlay.opaque", "trusted.overlay.opaque"}) {
        if (::fgetxattr(fd, name, &value, 1) == 1 && value == 'y') return true;
    }
    return false;
}

Status Walk::mark(const std::string& path) {
    TarEntry entry;
    entry.path = path;
    return sink_(tar_header(entry));
}

Status Walk::folder(int fd, const std::string& path, int depth) {
    if (depth > kMaxDepth) {
        return make_error(ErrorKind::Unsupported, "'" + printable(path) + "' is too deep");
    }
    if (options_.as_layer && depth > 0 && is_opaque(fd)) TRY(mark(path + ".wh..wh..opq"));
    auto names = TRY(list_dir_at(fd, "."));
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) TRY(entry(fd, name, path + name, depth));
    return {};
}

Status Walk::entry(int parent, const std::string& name, const std::string& path, int depth) {
    struct stat st {};

    if (::fstatat(parent, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? Status() : failed("stat", path);  // gone meanwhile
    }
    const auto type = type_of(st.st_mode);
    if (!type) return {};
    if (options_.as_layer && S_ISCHR(st.st_mode) && st.st_rdev == 0) {
        return mark(path.substr(0, path.size() - name.size()) + ".wh." + name);
    }
    TarEntry entry = entry_of(st, *type, path);
    if (*type == TarType::Directory) return subfolder(parent, name, std::move(entry), depth);
    if (st.st_nlink > 1) {
        const auto [first, is_new] = links_.try_emplace(Inode{st.st_dev, st.st_ino}, path);
        if (!is_new) {
            entry.type = TarType::HardLink;
            entry.target = first->second;
            return sink_(tar_header(entry));
        }
    }
    if (*type == TarType::Regular) return file(parent, name, std::move(entry), st);
    if (*type == TarType::SymbolicLink) entry.target = TRY(read_link_at(parent, name));
    return sink_(tar_header(entry));
}

Status Walk::subfolder(int parent, const std::string& name, TarEntry entry, int depth) {
    const auto fd = TRY(open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    TRY(read_xattrs(fd.get(), entry));
    entry.path += '/';
    TRY(sink_(tar_header(entry)));
    return folder(fd.get(), entry.path, depth + 1);
}

Status Walk::file(int parent, const std::string& name, TarEntry entry, const struct stat& st) {
    const auto fd = TRY(open_at(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));

    struct stat now {};

    if (::fstat(fd.get(), &now) != 0) return failed("stat", entry.path);
    if (!S_ISREG(now.st_mode) || now.st_ino != st.st_ino) {
        return make_error(ErrorKind::Conflict,
                          "'" + printable(entry.path) + "' changed while being read",
                          "pause the container meanwhile");
    }
    TRY(read_xattrs(fd.get(), entry));
    entry.size = static_cast<uint64_t>(now.st_size);
    TRY(sink_(tar_header(entry)));
    TRY(data(fd.get(), entry.size, entry.path));
    return sink_(tar_padding(entry.size));
}

// The header has said how long it is: what has become longer since is cut, what has become shorter
// ends in zeros (as GNU tar does).
Status Walk::data(int fd, uint64_t size, const std::string& path) {
    std::vector<char> buffer(std::min<uint64_t>(size, 256U << 10U));
    while (size > 0) {
        const size_t want = std::min<uint64_t>(size, buffer.size());
        ssize_t got = ::read(fd, buffer.data(), want);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("read", path);
        if (got == 0) {
            std::fill(buffer.begin(), buffer.end(), '\0');
            got = static_cast<ssize_t>(want);
        }
        size -= static_cast<uint64_t>(got);
        TRY(sink_(std::string_view(buffer.data(), static_cast<size_t>(got))));
    }
    return {};
}

}  // namespace

Status write_tree_tar(const RootDir& tree, const TreeTarOptions& options, const ByteSink& sink) {
    const auto top = TRY(open_at(tree.fd(), ".", O_RDONLY | O_DIRECTORY));
    Walk walk(options, sink);
    TRY(walk.folder(top.get(), "", 0));
    return walk.finish();
}

}  // namespace dhow::store
