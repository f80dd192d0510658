// SPDX-License-Identifier: Apache-2.0
// Named and anonymous volumes: a row and a folder `volumes/<name>/_data` each. A volume that a
// container refers to cannot be removed (foreign key). Content is the container's, hostile: it is
// touched through RootDir and copy_tree only.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "store/store.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

struct Volume {
    std::string name;
    UnixNanos created_at = 0;
    bool anonymous = false;
    bool needs_copy_up = false;  // never been mounted: the image's content is due
    std::map<std::string, std::string> labels;
    // What is mounted instead of the folder, as mount(8) has it: "type", "device", "o". Or none.
    std::map<std::string, std::string> options = {};
};

// [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 255 bytes.
bool is_volume_name(std::string_view name);

class VolumeStore {
  public:
    explicit VolumeStore(Store& store) : store_(store) {}

    // Creates the folder, then the row: in the caller's transaction, or in one of its own when none
    // is open. An existing volume is returned as it is.
    Result<Volume> ensure(const Volume& wanted);
    // The same where an existing one is AlreadyExists.
    Result<Volume> create(const Volume& wanted);
    // As ensure(), with a random 64-digit name.
    Result<Volume> create_anonymous();
    // NotFound names the volume.
    Result<Volume> find(std::string_view name);
    Result<std::vector<Volume>> list();
    // Ids of the containers that refer to each volume; volumes of no container are left out.
    Result<std::map<std::string, std::vector<std::string>>> users();
    // A transaction of its own. Conflict while a container refers to it.
    Status remove(const std::string& name);

    // Inside a transaction of the caller, with the container's row inserted.
    Status attach(const std::string& container_id, const std::string& name);
    Result<std::vector<std::string>> attached_to(const std::string& container_id);
    // Anonymous volumes that no container but this one refers to: what `rm -v` and `--rm` remove.
    Result<std::vector<std::string>> anonymous_of(const std::string& container_id);

    // Copies the content of `image_folder` (an open folder in the mounted root file system) into an
    // empty volume on its first use, and records that this is done. Does nothing on later uses.
    Status copy_up(const Volume& volume, int image_folder);
    // The same with nothing to copy from: the image has no such folder.
    Status skip_copy_up(const Volume& volume);

    // Absolute path of the data folder.
    [[nodiscard]] std::string data_path(std::string_view name) const;

  private:
    Result<Volume> make(const Volume& wanted);

    Store& store_;
};

}  // namespace dhow::store
