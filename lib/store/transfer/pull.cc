// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/pull.h"

#include "base/text.h"
#include "store/image_ref.h"
#include "store/transfer/layer_workers.h"

#include <algorithm>

namespace dhow::store {

namespace {

struct ChosenManifest {
    FetchedManifest manifest;
    std::string pulled_digest;
};

// Follows an index to the manifest for the platform; the digest of what was named is remembered.
Result<ChosenManifest> choose(RegistryClient& client,
                              const ImageRef& reference,
                              const std::string& platform) {
    auto fetched =
        TRY(client.manifest(reference.digest().value_or(reference.tag().value_or("latest"))));
    ChosenManifest chosen{.manifest = {}, .pulled_digest = fetched.digest};
    if (oci::is_index_type(fetched.media_type)) {
        const auto wanted =
            platform.empty() ? oci::host_platform() : TRY(oci::parse_platform(platform));
        const auto index = TRY(oci::parse_index(fetched.bytes, fetched.media_type));
        const auto descriptor = TRY(oci::choose_manifest(index, wanted));
        fetched = TRY(client.manifest(descriptor.digest.text()));
        fetched.media_type = descriptor.media_type;
    }
    if (!oci::is_manifest_type(fetched.media_type)) {
        return make_error(
            ErrorKind::Unsupported,
            "manifest of media type '" + printable(fetched.media_type) + "' is not supported");
    }
    chosen.manifest = std::move(fetched);
    return chosen;
}

// A layer named twice is fetched by whoever comes first.
bool is_repetition(const oci::ImageConfig& config, size_t index) {
    const auto& ids = config.rootfs.diff_ids;
    const auto here = ids.begin() + static_cast<ptrdiff_t>(index);
    return std::find(ids.begin(), here, *here) != here;
}

Result<TransferredLayer> take(const TransferContext& context,
                              RegistryClient& client,
                              const oci::Descriptor& descriptor,
                              const oci::DiffId& diff_id) {
    TRY(oci::layer_compression(descriptor.media_type));
    const LayerExpectation expected{
        .digest = descriptor.digest, .size = descriptor.size, .diff_id = diff_id};
    auto layer =
        TRY(take_layer(context, expected, descriptor.digest.text(), [&](const ByteSink& sink) {
            return client.blob(descriptor, sink);
        }));
    layer.blob = {.digest = descriptor.digest.text(),
                  .size = descriptor.size,
                  .media_type = descriptor.media_type};
    return layer;
}

Result<std::vector<TransferredLayer>> take_layers(const TransferContext& context,
                                                  const RegistryOptions& options,
                                                  RegistryClient& client,
                                                  const oci::Manifest& manifest,
                                                  const oci::ImageConfig& config) {
    std::vector<TransferredLayer> layers(manifest.layers.size());
    const auto work = [&](RegistryClient& own, size_t index) -> Status {
        const oci::DiffId& diff_id = config.rootfs.diff_ids[index];
        layers[index].diff_id = diff_id.text();
        if (is_repetition(config, index)) return {};
        const oci::Descriptor& descriptor = manifest.layers[index];
        layers[index] = TRY_CONTEXT(take(context, own, descriptor, diff_id),
                                    "layer " + descriptor.digest.text());
        return {};
    };
    TRY(for_each_layer(layers.size(), options, client, work));
    return layers;
}

}  // namespace

static void report_done(const TransferContext& context,
                        const oci::Manifest& manifest,
                        const TransferredImage& image) {
    TransferEvent done{.kind = TransferEvent::Kind::ConfigDone};
    done.digest = manifest.config.digest.text();
    context.report(done);
    done.kind = TransferEvent::Kind::ManifestDone;
    done.digest = image.manifest_digest;
    context.report(done);
}

static Result<TransferredImage> pull_from(const TransferContext& context,
                                          const ImageRef& reference,
                                          const RegistryOptions& options) {
    auto client = TRY(RegistryClient::connect(options));
    const auto chosen = TRY(choose(client, reference, context.request.platform));
    const FetchedManifest& fetched = chosen.manifest;
    const auto manifest = TRY(oci::parse_manifest(fetched.bytes, fetched.media_type));
    const auto config_text = TRY(client.small_blob(manifest.config, oci::kMaxConfigBytes));
    const auto config = TRY(oci::parse_image_config(config_text));
    TRY(check_layer_count(manifest, config));
    auto image = TRY(begin_image({.manifest = fetched.bytes,
                                  .manifest_media_type = fetched.media_type,
                                  .config = config_text}));
    image.pulled_digest = chosen.pulled_digest;
    image.layers = TRY(take_layers(context, options, client, manifest, config));
    report_done(context, manifest, image);
    return image;
}

// A mirror that has not all of the image has none of it: the next is asked, the registry itself
// last. What was already taken stays in the staging folder and is taken over.
static Result<TransferredImage> pull(const TransferContext& context, const ImageRef& reference) {
    std::string others;
    for (const RegistryOptions& options : context.registries) {
        auto image = pull_from(context, reference, options);
        const bool last = &options == &context.registries.back();
        if (image || (last && others.empty())) return image;
        if (last) {
            image.error().message += " (its mirrors failed, too:" + others + ")";
            return image;
        }
        others += " " + options.registry + ": " + image.error().message + ";";
        context.report(
            {.kind = TransferEvent::Kind::Message,
             .text = "Mirror " + options.registry + " failed: " + image.error().message});
    }
    return make_error(ErrorKind::Internal, "a pull from nowhere");
}

Result<TransferredImage> pull_image(const TransferContext& context) {
    const auto reference = TRY(ImageRef::parse(context.request.reference));
    auto image = pull(context, reference);
    if (!image) return std::move(image).error().context("pull '" + reference.full() + "'");
    return image;
}

Status check_registry_login(const TransferContext& context) {
    if (context.registries.empty()) return make_error(ErrorKind::Internal, "a login to nowhere");
    auto client = TRY(RegistryClient::connect(context.registries.front()));
    return client.check_login();
}

}  // namespace dhow::store
