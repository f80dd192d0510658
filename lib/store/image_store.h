// SPDX-License-Identifier: Apache-2.0
// Images: rows that hold names, configs, layers and manifests together. An image's id is the hex
// digits of its config's digest. Containers keep images alive, images keep layers and blobs alive,
// names keep nothing alive: foreign keys say so (store/migrations.cc).
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "store/image_ref.h"
#include "store/layer_store.h"
#include "store/store.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

struct Image {
    std::string id;               // 64 hex digits
    std::string config;           // the image config, JSON, byte for byte
    std::string manifest_digest;  // "sha256:..." of the manifest it came with last
    std::string manifest_media_type;
    std::vector<std::string> names;    // "docker.io/library/busybox:latest", sorted
    std::vector<std::string> digests;  // "docker.io/library/busybox@sha256:...", sorted
    UnixNanos created_at = 0;          // from the config
    uint64_t size = 0;                 // bytes of the unpacked layers
    int containers = 0;                // that refer to it
};

// What `run` needs, in two queries.
struct RunnableImage {
    std::string id;
    std::string name;                 // full name it was found by; the id when found by id
    std::string config;               // JSON
    std::vector<std::string> layers;  // absolute paths, topmost first, as overlay wants them
};

// A verified image about to become visible: from a pull, load or build.
struct NewImage {
    std::string config_digest;  // "sha256:..."
    std::string config;
    std::string manifest_digest;
    std::string manifest_media_type;
    std::string manifest;
    UnixNanos created_at = 0;
    std::vector<StagedLayer> layers;  // bottom first
    std::vector<std::string> names;   // full names to point here; taken from their old image
    std::string repository;  // "docker.io/library/busybox": recorded with the digest; may be empty
    std::string pulled_digest;  // the digest in the registry (of the index, for an index)
};

// In bytes, of unpacked layers.
struct ImageSizes {
    uint64_t shared = 0;  // of layers that other images have too
    uint64_t unique = 0;
};

struct RemovedNames {
    std::vector<std::string> untagged;
    std::vector<std::string> deleted;  // image ids, "sha256:<hex>" left out
};

class ImageStore {
  public:
    explicit ImageStore(Store& store) : store_(store) {}

    // A name (short names: localhost/ first, then docker.io/library/), "name@digest", a full id, or
    // a unique id prefix, "sha256:" allowed before it. NotFound and Conflict (ambiguous prefix)
    // name `text`.
    Result<std::string> find_id(std::string_view text);
    Result<Image> find(std::string_view text);
    Result<RunnableImage> find_runnable(std::string_view text);
    // The layers of a known image id, as in RunnableImage.
    Result<std::vector<std::string>> layer_paths(std::string_view id);
    // DiffIDs "sha256:...", bottom first.
    Result<std::vector<std::string>> diff_ids(std::string_view id);
    // Newest first.
    Result<std::vector<Image>> list();
    // Of each image by its id: one query.
    Result<std::map<std::string, ImageSizes>> sizes();
    // Of all layers, each once.
    Result<uint64_t> layers_size();
    // Points `target` (as the user wrote it; a digest is refused) at the image.
    Status tag(std::string_view source, std::string_view target);
    // Takes the names away (all of them when none is given) and keeps the image. InvalidArgument
    // names a name that is not one of its own. Those taken.
    Result<std::vector<std::string>> untag(std::string_view text,
                                           const std::vector<std::string>& names);
    // Removes the name, and the image with its last name. With an id: all its names; `force` is
    // needed when there are several. Conflict when containers use the image: names them.
    Result<RemovedNames> remove(std::string_view text, bool force);
    // Inside the caller's transaction: "repository@digest" names the image from now on.
    Status remember_digest(const std::string& repository,
                           const std::string& digest,
                           const std::string& id);
    // One transaction: blobs, layers, rows, names. Returns the id. Conflict: see
    // LayerStore::commit().
    Result<std::string> add(const StagingSession& session, const NewImage& image);

  private:
    // The stored name that `text` was resolved to; nullopt: found by id or digest.
    Result<std::optional<std::string>> found_by_name(std::string_view text);
    Result<std::vector<std::string>> names_of(std::string_view id);
    Result<std::string> own_name(const std::string& id, const std::string& text);

    Store& store_;
};

}  // namespace dhow::store
