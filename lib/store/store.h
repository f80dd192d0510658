// SPDX-License-Identifier: Apache-2.0
// Store: one opened state folder. Links into the engine (and its tests) only; neither shim nor
// runtime ever opens one. Open it after any setns/unshare of the mount namespace: the kernel
// refuses overlay layers reached through another namespace's mounts.
//
//   <root>/db.sqlite  db.lock        names and relations
//          blobs/sha256/<hex>        manifests and image configs, as they came
//          layers/<hex of DiffID>/   unpacked layers: the lower folders of overlays
//          skeletons/<hex>           what a layer's tar has beside its files (transfer/skeleton.h)
//          staging/<random>/         work in progress, each with a held `lock`
//          containers/<id>/          upper, work, exit record, log
//          volumes/<name>/_data
//          reserve                   room to remove things on a full disk (reserve.h)
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "store/database.h"

#include <string>

namespace dhow::store {

struct StoreOptions {
    std::string root;       // absolute
    bool rootless = false;  // overlay attributes live in user.* instead of trusted.*
};

class [[nodiscard]] Store {
  public:
    // Creates what is missing, every folder 0700. Permission when the folder belongs to somebody
    // else.
    static Result<Store> open(const StoreOptions& options);

    [[nodiscard]] const std::string& root() const { return options_.root; }

    [[nodiscard]] bool rootless() const { return options_.rootless; }

    [[nodiscard]] int root_fd() const { return root_fd_.get(); }

    Database& database() { return database_; }

    // Absolute path of something in the root: path_of("layers/...").
    [[nodiscard]] std::string path_of(std::string_view relative) const;

  private:
    Store(StoreOptions options, UniqueFd root_fd, Database database)
        : options_(std::move(options)),
          root_fd_(std::move(root_fd)),
          database_(std::move(database)) {}

    StoreOptions options_;
    UniqueFd root_fd_;
    Database database_;
};

}  // namespace dhow::store
