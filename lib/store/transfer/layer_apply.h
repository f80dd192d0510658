// SPDX-License-Identifier: Apache-2.0
// Unpacks one layer's tar into a folder, in overlayfs form: a deletion (".wh.NAME", image-spec
// layer.md) becomes a character device 0/0, an opaque folder an extended attribute. Every path is
// resolved by the kernel below the folder (RootDir); nothing outside can be named, whatever links
// the layer lays. Runs in dhow-transfer, in the user namespace when rootless.
#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "base/unique_fd.h"
#include "store/transfer/skeleton.h"
#include "store/transfer/tar.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

// What ends up in the folder: a layer below others, or the tree itself, in which ".wh.NAME" is a
// name like any other.
enum class TreeForm { Layer, Plain };

class LayerApplier : public TarSink {
  public:
    // `rootless`: opaque folders are marked in user.*, device nodes are left out. `skeleton` gets
    // what the folder does not; it outlives this.
    LayerApplier(RootDir folder,
                 bool rootless,
                 SkeletonWriter* skeleton = nullptr,
                 TreeForm form = TreeForm::Layer);

    Status begin(const TarEntry& entry) override;
    Status data(std::string_view bytes) override;
    Status end() override;
    Status raw(std::string_view bytes) override;
    // After the last entry: folders get their times, which unpacking into them has changed.
    Status finish();

    // Bytes of all regular files.
    [[nodiscard]] uint64_t size() const { return size_; }

  private:
    struct Place {
        int parent = -1;   // owned by the cache
        std::string name;  // the last component
    };

    struct FolderTime {
        std::string path;
        int64_t seconds;
        int64_t nanos;
    };

    Status replace_whiteout(const std::string& folder);
    Result<UniqueFd> make_parent(const std::string& folder);
    Result<Place> place_of(const std::string& path);
    Status apply_whiteout(const Place& place, std::string_view name);
    Status set_opaque(int folder);
    Status remove_earlier(const Place& place);
    Status make_room(const Place& place, const TarEntry& entry, bool& was_whiteout);
    Status make_folder(const Place& place, const TarEntry& entry, bool opaque);
    Status open_file(const Place& place);
    Status make_hard_link(const Place& place, const TarEntry& entry);
    Status make_symbolic_link(const Place& place, const TarEntry& entry);
    Status make_node(const Place& place, const TarEntry& entry);
    Status dress(int fd, const TarEntry& entry);
    Status dress_by_name(const Place& place, const TarEntry& entry);
    [[nodiscard]] Error failed(std::string_view verb) const;

    RootDir folder_;
    bool rootless_;
    SkeletonWriter* skeleton_;
    TreeForm form_;
    TarEntry entry_;
    std::string path_;  // of the entry, normalised
    UniqueFd file_;     // the regular file being written
    std::string cached_parent_;
    UniqueFd parent_fd_;
    std::vector<FolderTime> folder_times_;
    uint64_t size_ = 0;
};

// What an image may carry: file capabilities, and attributes of users. Never overlayfs's own, which
// would let a layer reach into those below it. For layers that come in, and those that are made.
bool allowed_attribute(std::string_view name);

// "./a//b/" -> "a/b"; "" for the root itself. A ".." component is an error.
Result<std::string> normalize_entry_path(std::string_view path);

}  // namespace dhow::store
