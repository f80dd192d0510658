// SPDX-License-Identifier: Apache-2.0
// What dhow-transfer's verbs share: where layers go, who hears of progress, and one layer taken
// from any source of bytes into its staging folder.
#pragma once

#include "base/result.h"
#include "oci/spec/image_config.h"
#include "oci/spec/manifest.h"
#include "store/registry/config.h"
#include "store/transfer/layer_pipeline.h"
#include "store/transfer_protocol.h"

#include <functional>
#include <string>
#include <vector>

namespace dhow::store {

// Called from several threads; the implementation serialises.
using EventSink = std::function<void(const TransferEvent&)>;

struct TransferContext {
    const TransferRequest& request;
    EventSink report;
    std::vector<RegistryOptions> registries = {};  // plan_registry()
};

// Tells of a blob's bytes as they pass: its beginning, and then often enough for a bar to move.
class Progress {
  public:
    // `total`: 0 when unknown.
    Progress(const TransferContext& context, const std::string& label, uint64_t total);
    void advance(uint64_t bytes);

  private:
    const TransferContext& context_;
    TransferEvent event_;
    uint64_t step_;
    uint64_t reported_ = 0;
};

// A stored layer's tar on its way out: progress is told under its DiffID, and every byte is hashed.
// Corrupt at the end when it is not the layer that it is called.
class OutgoingLayerStream {
  public:
    static Result<OutgoingLayerStream> open(const TransferContext& context,
                                            const oci::DiffId& diff_id);

    [[nodiscard]] uint64_t size() const { return stream_.size(); }

    [[nodiscard]] Status write_to(const ByteSink& sink) const;

  private:
    OutgoingLayerStream(const TransferContext& context, oci::DiffId diff_id, LayerStream stream)
        : context_(context), diff_id_(std::move(diff_id)), stream_(std::move(stream)) {}

    const TransferContext& context_;
    oci::DiffId diff_id_;
    LayerStream stream_;
};

// Gives every byte of a blob, in order, to `sink`.
using BlobSource = std::function<Status(const ByteSink& sink)>;

// Unpacks to `<staging_dir>/<hex>` unless `<layers_dir>/<hex>` exists. Reports its beginning,
// progress, and end under `label`.
Result<TransferredLayer> take_layer(const TransferContext& context,
                                    const LayerExpectation& expected,
                                    const std::string& label,
                                    const BlobSource& source);

struct ImageDocuments {
    std::string manifest;
    std::string manifest_media_type;
    std::string config;
};

// Digests of documents are computed here, layers are added by the caller.
Result<TransferredImage> begin_image(const ImageDocuments& documents);

// The manifest and the config must agree on how many layers there are.
Status check_layer_count(const oci::Manifest& manifest, const oci::ImageConfig& config);

}  // namespace dhow::store
