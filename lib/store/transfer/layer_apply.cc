// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/layer_apply.h"

#include "base/file.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace dhow::store {

namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kAufsInternal = ".wh..wh.";
constexpr size_t kMaxDepth = 512;

bool is_whiteout_node(const struct stat& st) {
    return S_ISCHR(st.st_mode) && st.st_rdev == 0;
}

}  // namespace

bool allowed_attribute(std::string_view name) {
    if (name == "security.capability") return true;
    return name.starts_with("user.") && !name.starts_with("user.overlay.");
}

Result<std::string> normalize_entry_path(std::string_view path) {
    std::vector<std::string> kept;
    for (std::string& name : split(path, '/')) {
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            return make_error(ErrorKind::Corrupt,
                              "layer entry '" + printable(path) + "' leads out of the layer");
        }
        kept.push_back(std::move(name));
    }
    if (kept.size() > kMaxDepth) {
        return make_error(ErrorKind::Corrupt,
                          "layer entry '" + printable(path.substr(0, 100)) + "...' is too deep");
    }
    return join(kept, "/");
}

LayerApplier::LayerApplier(RootDir folder, bool rootless, SkeletonWriter* skeleton, TreeForm form)
    : folder_(std::move(folder)), rootless_(rootless), skeleton_(skeleton), form_(form) {}

Error LayerApplier::failed(std::string_view verb) const {
    const int saved = errno;
    auto error = system_error("unpack '" + printable(path_) + "': " + std::string(verb), saved);
    if (saved == EINVAL && verb == "set owner") {
        error.message = "unpack '" + printable(path_) + "': owner " + std::to_string(entry_.uid) +
                        ":" + std::to_string(entry_.gid) + " is not mapped in your user namespace";
        error.fix = "give yourself more subordinate ids in /etc/subuid and /etc/subgid";
    }
    if (error.kind == ErrorKind::NoSpace) error.fix = "free some space, then try again";
    return error;
}

// A folder that the layer has by its content alone, at a name that it deletes in the lower layers:
// the folder wins, as in make_room(), and is opaque.
Status LayerApplier::replace_whiteout(const std::string& folder) {
    for (size_t end = folder.find('/');; end = folder.find('/', end + 1)) {
        const auto [parent, name] = TRY(folder_.parent_of(folder.substr(0, end)));

        struct stat st {};

        if (::fstatat(parent.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
            return failed("look up a parent");
        }
        if (is_whiteout_node(st)) {
            if (::unlinkat(parent.get(), name.c_str(), 0) != 0 ||
                ::mkdirat(parent.get(), name.c_str(), 0755) != 0) {
                return failed("replace a parent");
            }
            const auto fd = TRY(open_at(parent.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
            return set_opaque(fd.get());
        }
        if (end == std::string::npos) return {};
    }
}

Result<UniqueFd> LayerApplier::make_parent(const std::string& folder) {
    auto opened = folder_.make_dirs(folder);
    if (opened || opened.error().sys_errno != ENOTDIR || form_ == TreeForm::Plain) return opened;
    TRY(replace_whiteout(folder));
    return folder_.make_dirs(folder);
}

// Consecutive entries share their parent: it stays open.
Result<LayerApplier::Place> LayerApplier::place_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
    if (!parent_fd_ || parent != cached_parent_) {
        const auto opened = TRY(make_parent(parent.empty() ? "." : parent));
        parent_fd_ = TRY(open_at(opened.get(), ".", O_RDONLY | O_DIRECTORY));
        cached_parent_ = parent;
    }
    return Place{.parent = parent_fd_.get(),
                 .name = slash == std::string::npos ? path : path.substr(slash + 1)};
}

Status LayerApplier::begin(const TarEntry& entry) {
    entry_ = entry;
    path_ = TRY(normalize_entry_path(entry.path));
    if (path_.empty()) {
        if (entry.type != TarType::Directory) {
            return make_error(ErrorKind::Corrupt, "layer entry '/' is not a folder");
        }
        const auto root = TRY(folder_.open_at(".", O_RDONLY | O_DIRECTORY));
        folder_times_.push_back({".", entry.mtime_seconds, entry.mtime_nanos});
        return dress(root.get(), entry);
    }
    const auto place = TRY(place_of(path_));
    const bool layer = form_ == TreeForm::Layer;
    if (layer && place.name.starts_with(kWhiteout)) return apply_whiteout(place, place.name);
    bool was_whiteout = false;
    TRY(make_room(place, entry, was_whiteout));
    switch (entry.type) {
        case TarType::Regular:
            size_ += entry.size;
            return open_file(place);
        case TarType::Directory:
            return make_folder(place, entry, was_whiteout);
        case TarType::HardLink:
            return make_hard_link(place, entry);
        case TarType::SymbolicLink:
            return make_symbolic_link(place, entry);
        case TarType::CharDevice:
        case TarType::BlockDevice:
        case TarType::Fifo:
            return make_node(place, entry);
    }
    return {};
}

Status LayerApplier::set_opaque(int folder) {
    const char* name = rootless_ ? "user.overlay.opaque" : "trusted.overlay.opaque";
    if (::fsetxattr(folder, name, "y", 1, 0) == 0) return {};
    return failed("mark as opaque");
}

// The layer's own addition of the same name, before or after, wins over its deletion below.
Status LayerApplier::apply_whiteout(const Place& place, std::string_view name) {
    if (name == kOpaque) return set_opaque(place.parent);
    if (name.starts_with(kAufsInternal)) return {};
    const std::string hidden(name.substr(kWhiteout.size()));
    if (hidden.empty() || hidden == "." || hidden == "..") {
        return make_error(ErrorKind::Corrupt,
                          "layer entry '" + printable(path_) + "' hides nothing");
    }

    struct stat st {};

    if (::fstatat(place.parent, hidden.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) {
        if (!S_ISDIR(st.st_mode)) return {};
        const auto folder = TRY(open_at(place.parent, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        return set_opaque(folder.get());
    }
    if (::mknodat(place.parent, hidden.c_str(), S_IFCHR, makedev(0, 0)) == 0) return {};
    return failed("hide a lower entry");
}

// The stream has the contents of what goes here.
Status LayerApplier::remove_earlier(const Place& place) {
    if (skeleton_ != nullptr) return skeleton_->bury(place.parent, place.name, path_);
    return remove_tree_at(place.parent, place.name);
}

Status LayerApplier::make_room(const Place& place, const TarEntry& entry, bool& was_whiteout) {
    struct stat st {};

    if (::fstatat(place.parent, place.name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? Status() : failed("look up");
    }
    was_whiteout = form_ == TreeForm::Layer && is_whiteout_node(st);
    if (S_ISDIR(st.st_mode)) {
        return entry.type == TarType::Directory ? Status() : remove_earlier(place);
    }
    if (S_ISREG(st.st_mode)) return remove_earlier(place);
    if (::unlinkat(place.parent, place.name.c_str(), 0) != 0) return failed("replace");
    return {};
}

Status LayerApplier::make_folder(const Place& place, const TarEntry& entry, bool opaque) {
    if (::mkdirat(place.parent, place.name.c_str(), 0700) != 0 && errno != EEXIST) {
        return failed("create folder");
    }
    const auto fd = TRY(open_at(place.parent, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (opaque) TRY(set_opaque(fd.get()));
    folder_times_.push_back({path_, entry.mtime_seconds, entry.mtime_nanos});
    return dress(fd.get(), entry);
}

Status LayerApplier::open_file(const Place& place) {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    auto file = open_at(place.parent, place.name, kFlags, 0600);
    if (!file) {
        errno = file.error().sys_errno;
        return failed("create");
    }
    file_ = file.take();
    return {};
}

Status LayerApplier::make_hard_link(const Place& place, const TarEntry& entry) {
    const auto target = TRY(normalize_entry_path(entry.target));
    if (target.empty()) return make_error(ErrorKind::Corrupt, "a hard link to the root");
    const auto [parent, name] = TRY(folder_.parent_of(target));
    if (::linkat(parent.get(), name.c_str(), place.parent, place.name.c_str(), 0) == 0) return {};
    return failed("link to '" + printable(target) + "'");
}

Status LayerApplier::make_symbolic_link(const Place& place, const TarEntry& entry) {
    if (::symlinkat(entry.target.c_str(), place.parent, place.name.c_str()) != 0) {
        return failed("create symbolic link");
    }
    return dress_by_name(place, entry);
}

// A real device is for the machine's owner to make; in a user namespace the kernel refuses it and
// images have to do without, as with Podman. 0/0 from an image would be a whiteout in disguise.
Status LayerApplier::make_node(const Place& place, const TarEntry& entry) {
    const bool device = entry.type != TarType::Fifo;
    const dev_t number = makedev(entry.device_major, entry.device_minor);
    if (device && (rootless_ || number == 0)) return {};
    mode_t type = S_IFIFO;
    if (entry.type == TarType::CharDevice) type = S_IFCHR;
    if (entry.type == TarType::BlockDevice) type = S_IFBLK;
    if (::mknodat(place.parent, place.name.c_str(), type | 0600, device ? number : 0) != 0) {
        return failed("create node");
    }
    return dress_by_name(place, entry);
}

Status LayerApplier::data(std::string_view bytes) {
    if (!file_) return raw(bytes);  // of a whiteout: means nothing
    while (!bytes.empty()) {
        const ssize_t put = ::write(file_.get(), bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return failed("write");
        bytes.remove_prefix(static_cast<size_t>(put));
    }
    return {};
}

Status LayerApplier::raw(std::string_view bytes) {
    return skeleton_ == nullptr ? Status() : skeleton_->raw(bytes);
}

Status LayerApplier::end() {
    if (!file_) return {};
    const UniqueFd file = std::move(file_);
    if (skeleton_ != nullptr) TRY(skeleton_->file(path_, entry_.size));
    TRY(dress(file.get(), entry_));
    const timespec times[2] = {{0, UTIME_OMIT}, {entry_.mtime_seconds, entry_.mtime_nanos}};
    if (::futimens(file.get(), times) != 0) return failed("set time");
    return {};
}

// Owner, then mode (chown clears setuid), then attributes (chown clears file capabilities too).
Status LayerApplier::dress(int fd, const TarEntry& entry) {
    if (::fchown(fd, entry.uid, entry.gid) != 0) return failed("set owner");
    if (::fchmod(fd, entry.mode) != 0) return failed("set mode");
    for (const auto& [name, value] : entry.xattrs) {
        if (!allowed_attribute(name)) continue;
        if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) == 0) continue;
        if (errno != ENOTSUP) return failed("set attribute '" + printable(name) + "'");
    }
    return {};
}

Status LayerApplier::dress_by_name(const Place& place, const TarEntry& entry) {
    const char* name = place.name.c_str();
    if (::fchownat(place.parent, name, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0) {
        return failed("set owner");
    }
    if (entry.type != TarType::SymbolicLink && ::fchmodat(place.parent, name, entry.mode, 0) != 0) {
        return failed("set mode");
    }
    const timespec times[2] = {{0, UTIME_OMIT}, {entry.mtime_seconds, entry.mtime_nanos}};
    if (::utimensat(place.parent, name, times, AT_SYMLINK_NOFOLLOW) != 0) return failed("set time");
    return {};
}

Status LayerApplier::finish() {
    for (auto folder = folder_times_.rbegin(); folder != folder_times_.rend(); ++folder) {
        // A later entry may have replaced the folder by something else: then it has no time to get.
        const auto fd =
            folder_.open_at(folder->path, O_RDONLY | O_DIRECTORY, 0, RootDir::Links::Refuse);
        if (!fd) continue;
        const timespec times[2] = {{0, UTIME_OMIT}, {folder->seconds, folder->nanos}};
        ignore(::futimens(fd->get(), times), "a folder's time is a courtesy");
    }
    return {};
}

}  // namespace dhow::store
