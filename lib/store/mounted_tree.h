// SPDX-License-Identifier: Apache-2.0
// Layers as the one tree that a container would see, for reading: mounted in this process's mount
// namespace, at a folder of its own in staging, until the object ends.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "store/layer_store.h"

#include <optional>
#include <string>
#include <vector>

namespace dhow::store {

class [[nodiscard]] MountedTree {
  public:
    // Absolute paths, topmost first; none is an empty tree. The caller is in its namespaces.
    static Result<MountedTree> mount(Store& store, const std::vector<std::string>& layers);
    MountedTree(MountedTree&&) noexcept;
    MountedTree& operator=(MountedTree&&) = delete;
    ~MountedTree();

    [[nodiscard]] const RootDir& root() const { return root_; }

    // Absolute.
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    MountedTree(StagingSession session, std::string path, RootDir root, bool mounted);

    StagingSession session_;
    std::string path_;
    RootDir root_;
    bool mounted_;
};

}  // namespace dhow::store
