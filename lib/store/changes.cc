// SPDX-License-Identifier: Apache-2.0
#include "store/changes.h"

#include "base/file.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

namespace dhow::store {

namespace {

using Names = std::vector<std::string>;
using Stat = struct stat;

constexpr RootDir::Links kNoLinks = RootDir::Links::Refuse;

bool is_absent(const Error& error) {
    return error.sys_errno == ENOENT || error.sys_errno == ENOTDIR || error.sys_errno == ELOOP;
}

// nullopt: nothing is there.
Result<std::optional<Stat>> stat_in(const RootDir& tree, const std::string& path) {
    const auto place = tree.parent_of(path);
    if (!place && is_absent(place.error())) return std::optional<Stat>();
    if (!place) return place.error();
    const auto& [parent, name] = *place;
    Stat st{};
    if (::fstatat(parent.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0) {
        return std::optional(st);
    }
    if (errno == ENOENT) return std::optional<Stat>();
    return system_error("look at '" + path + "'");
}

// Sorted; none when there is no such folder.
Result<Names> names_in(const RootDir& tree, const std::string& path) {
    const auto folder = tree.open_at(path, O_RDONLY | O_DIRECTORY, 0, kNoLinks);
    if (!folder && is_absent(folder.error())) return Names();
    if (!folder) return folder.error();
    Names names = TRY(list_dir_at(folder->get(), "."));
    std::sort(names.begin(), names.end());
    return names;
}

Result<bool> is_folder(const RootDir& tree, const std::string& path) {
    const auto folder = tree.open_at(path, O_PATH | O_DIRECTORY, 0, kNoLinks);
    if (folder || is_absent(folder.error())) return folder.has_value();
    return folder.error();
}

std::string entry_of(const std::string& folder, const std::string& name) {
    return folder == "." ? name : folder + "/" + name;
}

bool is_whiteout(const Stat& st) {
    return S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
}

// --- a layer on a tree --------------------------------------------------------------------------

class LayerChanges {
  public:
    LayerChanges(const RootDir& layer, const RootDir& below, bool rootless)
        : layer_(layer),
          below_(below),
          opaque_(rootless ? "user.overlay.opaque" : "trusted.overlay.opaque") {}

    Result<std::vector<Change>> find() {
        TRY(walk(".", true));
        return std::move(changes_);
    }

  private:
    void add(ChangeKind kind, const std::string& path) { changes_.push_back({kind, "/" + path}); }

    Result<bool> hides_below(const std::string& folder) const {
        const auto fd = TRY(layer_.open_at(folder, O_RDONLY | O_DIRECTORY, 0, kNoLinks));
        char value = 0;
        return ::fgetxattr(fd.get(), opaque_, &value, 1) == 1 && value == 'y';
    }

    // `over`: there is a folder below it.
    // NOLINTNEXTLINE(misc-no-recursion): as deep as a path may be long
    Status walk(const std::string& folder, bool over) {
        const Names names = TRY(names_in(layer_, folder));
        if (over && TRY(hides_below(folder))) TRY(add_hidden(folder, names));
        for (const std::string& name : names) TRY(visit(entry_of(folder, name), over));
        return {};
    }

    Status add_hidden(const std::string& folder, const Names& kept) {
        for (const std::string& name : TRY(names_in(below_, folder))) {
            if (std::binary_search(kept.begin(), kept.end(), name)) continue;
            add(ChangeKind::Deleted, entry_of(folder, name));
        }
        return {};
    }

    // NOLINTNEXTLINE(misc-no-recursion)
    Status visit(const std::string& path, bool over) {
        const auto here = TRY(stat_in(layer_, path));
        if (!here) return {};  // gone meanwhile
        const bool was_there = over && TRY(stat_in(below_, path)).has_value();
        if (is_whiteout(*here)) {
            if (was_there) add(ChangeKind::Deleted, path);
            return {};
        }
        add(was_there ? ChangeKind::Changed : ChangeKind::Added, path);
        if (!S_ISDIR(here->st_mode)) return {};
        return walk(path, was_there && TRY(is_folder(below_, path)));
    }

    const RootDir& layer_;
    const RootDir& below_;
    const char* opaque_;
    std::vector<Change> changes_;
};

// --- two trees ----------------------------------------------------------------------------------

bool same_time(const struct timespec& left, const struct timespec& right) {
    return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

bool differ(const Stat& older, const Stat& newer) {
    if (older.st_mode != newer.st_mode || older.st_uid != newer.st_uid ||
        older.st_gid != newer.st_gid || older.st_rdev != newer.st_rdev) {
        return true;
    }
    if (S_ISDIR(newer.st_mode)) return false;  // what is in it tells
    return older.st_size != newer.st_size || !same_time(older.st_mtim, newer.st_mtim);
}

class TreeChanges {
  public:
    TreeChanges(const RootDir& older, const RootDir& newer) : older_(older), newer_(newer) {}

    Result<std::vector<Change>> find() {
        TRY(walk("."));
        return std::move(changes_);
    }

  private:
    void add(ChangeKind kind, const std::string& path) { changes_.push_back({kind, "/" + path}); }

    // NOLINTNEXTLINE(misc-no-recursion): as deep as a path may be long
    Status walk(const std::string& folder) {
        const Names before = TRY(names_in(older_, folder));
        const Names after = TRY(names_in(newer_, folder));
        Names all;
        std::set_union(
            before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(all));
        for (const std::string& name : all) TRY(visit(entry_of(folder, name)));
        return {};
    }

    // NOLINTNEXTLINE(misc-no-recursion)
    Status visit(const std::string& path) {
        const auto before = TRY(stat_in(older_, path));
        const auto after = TRY(stat_in(newer_, path));
        if (!after) {
            if (before) add(ChangeKind::Deleted, path);
            return {};
        }
        const size_t place = changes_.size();
        if (S_ISDIR(after->st_mode)) TRY(walk(path));
        const bool touched = changes_.size() != place;
        const bool changed = before && (touched || differ(*before, *after));
        if (before && !changed) return {};
        const ChangeKind kind = before ? ChangeKind::Changed : ChangeKind::Added;
        changes_.insert(changes_.begin() + static_cast<std::ptrdiff_t>(place), {kind, "/" + path});
        return {};
    }

    const RootDir& older_;
    const RootDir& newer_;
    std::vector<Change> changes_;
};

}  // namespace

Result<std::vector<Change>> changes_of_layer(const RootDir& layer,
                                             const RootDir& below,
                                             bool rootless) {
    return LayerChanges(layer, below, rootless).find();
}

Result<std::vector<Change>> changes_between(const RootDir& older, const RootDir& newer) {
    return TreeChanges(older, newer).find();
}

}  // namespace dhow::store
