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

Result<TransferredLayer> take_layer(const TransferContext& context,
                                    const LayerExpectation& expected,
                                    const std::string& label,
                                    const BlobSource& source) {
    const std::string& hex = expected.diff_id.hex();
    TransferredLayer layer{.diff_id = expected.diff_id.text()};
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
    auto progress = event(TransferEvent::Kind::BlobStarted, label);
    progress.total = expected.size.value_or(0);
    context.report(progress);
    progress.kind = TransferEvent::Kind::BlobProgress;

    auto folder = TRY(make_dir_at(AT_FDCWD, staged, 0755));
    LayerPipeline pipeline(expected, RootDir(std::move(folder)), context.request.rootless);
    const uint64_t step = std::clamp(progress.total / kBarSteps, kReportAtMostEvery, kReportEvery);
    uint64_t reported = 0;
    TRY(source([&](std::string_view bytes) -> Status {
        progress.current += bytes.size();
        if (progress.current - reported >= step) {
            reported = progress.current;
            context.report(progress);
        }
        return pipeline.feed(bytes);
    }));
    TRY(pipeline.finish());
    context.report(event(TransferEvent::Kind::BlobDone, label));
    layer.folder = hex;
    layer.size = pipeline.unpacked_size();
    return layer;
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
