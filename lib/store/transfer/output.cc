// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/output.h"

#include "base/file.h"

#include <algorithm>

#include <fcntl.h>

namespace dhow::store {

namespace {

// Often enough for a bar to move over a slow network, seldom enough to cost nothing on a fast one.
constexpr uint64_t kReportEvery = 1U << 20U;
constexpr uint64_t kReportAtMostEvery = 64U << 10U;
constexpr uint64_t kBarSteps = 50;

TransferEvent event(TransferEvent::Kind kind, const std::string& label) {
    TransferEvent result;
    result.kind = kind;
    result.digest = label;
    return result;
}

}  // namespace

Progress::Progress(const TransferContext& context, const std::string& label, uint64_t total)
    : context_(context),
      event_(event(TransferEvent::Kind::BlobStarted, label)),
      step_(std::clamp(total / kBarSteps, kReportAtMostEvery, kReportEvery)) {
    event_.total = total;
    context_.report(event_);
    event_.kind = TransferEvent::Kind::BlobProgress;
}

void Progress::advance(uint64_t bytes) {
    event_.current += bytes;
    if (event_.current - reported_ < step_) return;
    reported_ = event_.current;
    context_.report(event_);
}

// Whole or an error.
static Result<TransferredLayer> unpack_layer(const TransferContext& context,
                                             const LayerExpectation& expected,
                                             const std::string& label,
                                             const BlobSource& source,
                                             int staging) {
    const std::string& hex = expected.diff_id->hex();
    TransferredLayer layer{.diff_id = expected.diff_id->text(), .folder = hex};
    Progress progress(context, label, expected.size.value_or(0));
    auto folder = TRY(make_dir_at(staging, hex, 0755));
    auto skeleton = TRY(SkeletonWriter::create(staging, hex));
    LayerPipeline pipeline(
        expected, RootDir(std::move(folder)), std::move(skeleton), context.request.rootless);
    TRY(source([&](std::string_view bytes) -> Status {
        progress.advance(bytes.size());
        return pipeline.feed(bytes);
    }));
    TRY(pipeline.finish());
    layer.size = pipeline.unpacked_size();
    return layer;
}

Result<TransferredLayer> take_layer(const TransferContext& context,
                                    const LayerExpectation& expected,
                                    const std::string& label,
                                    const BlobSource& source) {
    const std::string& hex = expected.diff_id->hex();
    TransferredLayer layer{.diff_id = expected.diff_id->text()};
    if (exists_at(AT_FDCWD, context.request.layers_dir + "/" + hex)) {
        context.report(event(TransferEvent::Kind::BlobExists, label));
        return layer;
    }
    // An image may name a layer twice, and an archive hold it for several images: once is enough.
    const std::string staged = context.request.staging_dir + "/" + hex;
    if (exists_at(AT_FDCWD, staged)) {
        layer.folder = hex;
        return layer;
    }
    const auto staging = TRY(open_dir_at(AT_FDCWD, context.request.staging_dir));
    auto unpacked = unpack_layer(context, expected, label, source, staging.get());
    if (unpacked) {
        context.report(event(TransferEvent::Kind::BlobDone, label));
        return unpacked;
    }
    // Half a layer must not pass for a whole one when the next mirror is asked.
    for (const char* part : {"", ".skeleton", ".shadow"}) {
        TRY(remove_tree_at(staging.get(), hex + part));
    }
    return unpacked;
}

Result<OutgoingLayerStream> OutgoingLayerStream::open(const TransferContext& context,
                                                      const oci::DiffId& diff_id) {
    const TransferRequest& request = context.request;
    const auto skeletons = TRY(open_dir_at(AT_FDCWD, request.skeletons_dir));
    auto folder = TRY(RootDir::open(request.layers_dir + "/" + diff_id.hex()));
    auto stream = TRY(LayerStream::open(skeletons.get(), diff_id.hex(), std::move(folder)));
    return OutgoingLayerStream(context, diff_id, std::move(stream));
}

Status OutgoingLayerStream::write_to(const ByteSink& sink) const {
    Sha256 hash;
    Progress progress(context_, diff_id_.text(), stream_.size());
    TRY(stream_.write_to([&](std::string_view bytes) -> Status {
        hash.update(bytes);
        progress.advance(bytes.size());
        return sink(bytes);
    }));
    const std::string hex = hash.finish_hex();
    if (hex == diff_id_.hex()) return {};
    return make_error(
        ErrorKind::Corrupt,
        "layer " + diff_id_.text() + " is damaged in the store: it has DiffID sha256:" + hex,
        "remove the image and pull it again");
}

Result<TransferredImage> begin_image(const ImageDocuments& documents) {
    const auto config = TRY(oci::parse_image_config(documents.config));
    TransferredImage image;
    image.config = documents.config;
    image.config_digest = "sha256:" + sha256_hex(documents.config);
    image.manifest = documents.manifest;
    image.manifest_media_type = documents.manifest_media_type;
    image.manifest_digest = "sha256:" + sha256_hex(documents.manifest);
    image.pulled_digest = image.manifest_digest;
    image.created_at = config.created.value_or(0);
    return image;
}

Status check_layer_count(const oci::Manifest& manifest, const oci::ImageConfig& config) {
    if (manifest.layers.size() == config.rootfs.diff_ids.size()) return {};
    return make_error(ErrorKind::Corrupt,
                      "the manifest names " + std::to_string(manifest.layers.size()) +
                          " layers, the image config " +
                          std::to_string(config.rootfs.diff_ids.size()));
}

}  // namespace dhow::store
