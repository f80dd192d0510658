// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/new_image.h"

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "oci/spec/image_config.h"
#include "store/transfer/outgoing_manifest.h"
#include "store/transfer/sha256.h"
#include "store/transfer/tree_tar.h"
#include "store/transfer/tree_transfer.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace dhow::store {

namespace {

// A layer whose DiffID shows when all of it has been seen.
Result<TransferredLayer> take_new_layer(const TransferContext& context, const BlobSource& source) {
    const auto staging = TRY(open_dir_at(AT_FDCWD, context.request.staging_dir));
    const std::string name = "new-" + random_hex(8);
    auto folder = TRY(make_dir_at(staging.get(), name, 0755));
    auto skeleton = TRY(SkeletonWriter::create(staging.get(), name));
    LayerPipeline pipeline(
        {}, RootDir(std::move(folder)), std::move(skeleton), context.request.rootless);
    TRY(source([&](std::string_view bytes) { return pipeline.feed(bytes); }));
    TRY(pipeline.finish());
    const std::string hex = pipeline.diff_id().hex();
    TransferredLayer layer{.diff_id = pipeline.diff_id().text()};
    if (exists_at(AT_FDCWD, context.request.layers_dir + "/" + hex)) return layer;
    for (const char* part : {"", ".skeleton", ".shadow"}) {
        if (::renameat(staging.get(), (name + part).c_str(), staging.get(), (hex + part).c_str()) !=
                0 &&
            errno != ENOENT) {
            return system_error("name the new layer");
        }
    }
    layer.folder = hex;
    layer.size = pipeline.unpacked_size();
    return layer;
}

// rootfs.diff_ids and history (image-spec, config.md).
Result<std::string> config_with_layer(const std::string& text,
                                      const std::string& diff_id,
                                      const std::string& history) {
    auto config = TRY(json::parse_object(text, "image config"));
    const json::Object* old_rootfs = TRY(json::get_object(config, "rootfs"));
    json::Object rootfs = old_rootfs == nullptr ? json::Object() : *old_rootfs;
    rootfs["type"] = "layers";
    const json::Array* old_ids = TRY(json::get_array(rootfs, "diff_ids"));
    json::Array ids = old_ids == nullptr ? json::Array() : *old_ids;
    ids.emplace_back(diff_id);
    rootfs["diff_ids"] = std::move(ids);
    config["rootfs"] = std::move(rootfs);
    const json::Array* old_history = TRY(json::get_array(config, "history"));
    json::Array entries = old_history == nullptr ? json::Array() : *old_history;
    entries.emplace_back(TRY(json::parse_object(history, "history")));
    config["history"] = std::move(entries);
    return json::compact(config);
}

// As long as nobody pushes it, a local image has no compressed layers to name.
Result<TransferredImage> assemble(const OutgoingImage& base,
                                  TransferredLayer layer,
                                  const std::string& config,
                                  ManifestFormat format) {
    std::vector<oci::Descriptor> descriptors;
    OutgoingImage whole{.config = config};
    std::vector<TransferredLayer> layers;
    for (const OutgoingLayer& below : base.layers) layers.push_back({.diff_id = below.diff_id});
    layers.push_back(std::move(layer));
    for (const TransferredLayer& each : layers) {
        descriptors.push_back({.media_type = TRY(layer_media_type(format, oci::Compression::None)),
                               .digest = TRY(oci::Digest::parse(each.diff_id)),
                               .size = 0,
                               .platform = {},
                               .annotations = {}});
    }
    const auto manifest = TRY(new_manifest(whole, format, descriptors));
    auto image = TRY(begin_image({.manifest = manifest.bytes,
                                  .manifest_media_type = manifest.media_type,
                                  .config = config}));
    image.layers = std::move(layers);
    image.names = base.names;
    return image;
}

Result<TransferredImage> make_image(const TransferContext& context, const BlobSource& source) {
    const TransferRequest& request = context.request;
    if (request.images.size() != 1) return make_error(ErrorKind::Internal, "an image of nothing");
    const OutgoingImage& base = request.images.front();
    const auto format = TRY(choose_format(request.form, oci::kOciManifest));
    auto layer = TRY(take_new_layer(context, source));
    const auto config = TRY(config_with_layer(base.config, layer.diff_id, request.history));
    return assemble(base, std::move(layer), config, format);
}

}  // namespace

Result<TransferredImage> commit_image(const TransferContext& context) {
    const RootDir tree = TRY(RootDir::open(context.request.source_dir));
    return make_image(context, [&](const ByteSink& sink) {
        return write_tree_tar(tree, {.as_layer = true}, sink);
    });
}

Result<TransferredImage> import_image(const TransferContext& context, int tar) {
    return make_image(context, [&](const ByteSink& sink) { return read_stream(tar, sink); });
}

}  // namespace dhow::store
