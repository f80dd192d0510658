// SPDX-License-Identifier: Apache-2.0
#include "oci/runtime/mounts/masked_paths.h"

#include "base/file.h"
#include "base/text.h"
#include "oci/runtime/mounts/mount_api.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace dhow::oci {

Result<UniqueFd> clone_null_device() {
    auto tree = TRY_CONTEXT(clone_tree(AT_FDCWD, "/dev/null", false), "mask paths");

    struct stat st {};

    if (::fstat(tree.get(), &st) != 0) return system_error("inspect '/dev/null'");
    if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) {
        return make_error(ErrorKind::Permission, "mask paths: '/dev/null' is not the null device");
    }
    return tree;
}

// Invalid when there is nothing at `path`.
static Result<UniqueFd> open_if_present(const RootDir& root, const std::string& path) {
    auto found = root.open_at(path, O_PATH);
    if (found) return found;
    const int code = found.error().sys_errno;
    if (code == ENOENT || code == ENOTDIR) return UniqueFd();
    return found;
}

namespace {

// One mount over many places: the first gets it itself, each later one a copy, since kernels before
// 6.15 copy no mount that is attached nowhere.
class Cover {
  public:
    explicit Cover(UniqueFd mount) : mount_(std::move(mount)) {}

    Status place(int target) {
        if (attached_) return attach(TRY(clone_tree(mount_.get(), "", false)).get(), target);
        TRY(attach(mount_.get(), target));
        attached_ = true;
        return {};
    }

  private:
    UniqueFd mount_;
    bool attached_ = false;
};

}  // namespace

// One tmpfs serves all masked folders: it is empty and nobody can write to it.
static Result<UniqueFd> make_empty_folder(const std::string& label) {
    Filesystem empty{"tmpfs",
                     "tmpfs",
                     {{"mode", "755"}, {"nr_blocks", "1"}, {"nr_inodes", "1"}},
                     MOUNT_ATTR_RDONLY};
    if (!label.empty()) empty.parameters.emplace_back("context", label);
    return make_filesystem(empty);
}

Status mask_paths(const RootDir& root,
                  const std::vector<std::string>& paths,
                  UniqueFd null_device,
                  const std::string& label) {
    Cover over_files(std::move(null_device));
    std::optional<Cover> over_folders;
    for (auto path_at = paths.begin(); path_at != paths.end(); ++path_at) {
        const std::string& path = *path_at;
        if (std::find(paths.begin(), path_at, path) != path_at) continue;
        const std::string what = "mask '" + printable(path) + "'";
        const auto target = TRY_CONTEXT(open_if_present(root, path), what);
        if (!target) continue;

        struct stat st {};

        if (::fstat(target.get(), &st) != 0) return system_error(what);
        const bool folder = S_ISDIR(st.st_mode);
        if (folder && !over_folders)
            over_folders = Cover(TRY_CONTEXT(make_empty_folder(label), what));
        TRY_CONTEXT((folder ? *over_folders : over_files).place(target.get()), what);
    }
    return {};
}

Status make_paths_readonly(const RootDir& root, const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        const std::string what = "make '" + printable(path) + "' read-only";
        const auto target = TRY_CONTEXT(open_if_present(root, path), what);
        if (!target) continue;
        const auto tree = TRY_CONTEXT(clone_tree(target.get(), "", true), what);
        TRY_CONTEXT(set_attributes(tree.get(), MOUNT_ATTR_RDONLY, 0, true), what);
        TRY_CONTEXT(attach(tree.get(), target.get()), what);
    }
    return {};
}

}  // namespace dhow::oci
