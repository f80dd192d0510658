// SPDX-License-Identifier: Apache-2.0
#include "store/mounted_tree.h"

#include "store/overlay.h"

#include <utility>

#include <sys/mount.h>

namespace dhow::store {

Result<MountedTree> MountedTree::mount(Store& store, const std::vector<std::string>& layers) {
    auto session = TRY(StagingSession::create(store));
    std::string path = session.path();
    // The kernel makes no overlay of a single layer, and none is needed.
    if (layers.size() == 1) path = layers.front();
    if (layers.size() > 1) {
        const OverlaySpec spec{.lowers = layers, .userxattr = store.rootless()};
        TRY(mount_overlay(spec, path));
    }
    const bool mounted = layers.size() > 1;
    auto root = RootDir::open(path);
    if (!root) {
        if (mounted) ::umount2(path.c_str(), MNT_DETACH);
        return std::move(root).error();
    }
    return MountedTree(std::move(session), std::move(path), root.take(), mounted);
}

MountedTree::MountedTree(StagingSession session, std::string path, RootDir root, bool mounted)
    : session_(std::move(session)),
      path_(std::move(path)),
      root_(std::move(root)),
      mounted_(mounted) {}

MountedTree::MountedTree(MountedTree&& other) noexcept
    : session_(std::move(other.session_)),
      path_(std::move(other.path_)),
      root_(std::move(other.root_)),
      mounted_(std::exchange(other.mounted_, false)) {}

MountedTree::~MountedTree() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
}

}  // namespace dhow::store
