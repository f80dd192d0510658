// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/push.h"

#include "base/text.h"
#include "store/image_ref.h"
#include "store/transfer/byte_pipe.h"
#include "store/transfer/compress.h"
#include "store/transfer/layer_workers.h"
#include "store/transfer/outgoing_manifest.h"
#include "store/transfer/sha256.h"

#include <optional>
#include <set>
#include <thread>

#include <unistd.h>

namespace dhow::store {

namespace {

constexpr int kMaxAttempts = 4;

// What all layers of one push share.
struct Push {
    const TransferContext& context;
    const OutgoingImage& image;
    ManifestFormat format;
    CompressionChoice compression;
    std::string repository;  // "registry/name", where it goes
    std::string registry;
};

Result<CompressionChoice> choose_compression(const OutgoingForm& form) {
    CompressionChoice choice;
    if (form.level) choice.level = static_cast<int>(*form.level);
    if (form.compression == "zstd") choice.kind = oci::Compression::Zstd;
    if (form.compression == "none") choice.kind = oci::Compression::None;
    const bool known = form.compression.empty() || form.compression == "gzip" ||
                       form.compression == "zstd" || form.compression == "none";
    // Also where nothing will have to be sent: a wrong level is wrong.
    if (known) TRY(check_compression(choice));
    if (known) return choice;
    return make_error(ErrorKind::InvalidArgument,
                      "unknown compression format '" + printable(form.compression) + "'",
                      "use gzip or zstd");
}

void tell(const Push& push, TransferEvent::Kind kind, const std::string& label) {
    TransferEvent event;
    event.kind = kind;
    event.digest = label;
    push.context.report(event);
}

// The blob as this push's manifest may name it; nothing when it will not do.
Result<std::optional<oci::Descriptor>> usable(const Push& push, const LayerBlob& blob) {
    const auto kind = oci::layer_compression(blob.media_type);
    const bool other = kind && *kind != push.compression.kind;
    if (!kind || (other && push.context.request.form.force_compression)) {
        return std::optional<oci::Descriptor>();
    }
    auto media_type = layer_media_type(push.format, *kind);
    if (!media_type) return std::optional<oci::Descriptor>();
    oci::Descriptor descriptor{.media_type = media_type.take(),
                               .digest = TRY(oci::Digest::parse(blob.digest)),
                               .size = blob.size,
                               .platform = {},
                               .annotations = {}};
    return std::optional(std::move(descriptor));
}

Result<std::optional<oci::Descriptor>> find_there(const Push& push,
                                                  RegistryClient& client,
                                                  const OutgoingLayer& layer) {
    std::set<std::string> asked;
    for (const LayerBlob& blob : layer.blobs) {
        if (!asked.insert(blob.digest).second) continue;
        auto descriptor = TRY(usable(push, blob));
        if (descriptor && TRY(client.has_blob(descriptor->digest))) return descriptor;
    }
    for (const LayerBlob& blob : layer.blobs) {
        const bool same_registry = blob.repository.starts_with(push.registry + "/");
        if (!same_registry || blob.repository == push.repository) continue;
        auto descriptor = TRY(usable(push, blob));
        const std::string from = blob.repository.substr(push.registry.size() + 1);
        if (descriptor && TRY(client.mount_blob(descriptor->digest, from))) return descriptor;
    }
    return std::optional<oci::Descriptor>();
}

// One layer on its way: made by one thread, sent by another.
class Sending {
  public:
    Sending(const Push& push, const oci::DiffId& diff_id) : push_(push), diff_id_(diff_id) {}

    Result<oci::Descriptor> run(RegistryClient& client) {
        std::jthread maker([this] { pipe_.close(make()); });
        const auto sent = client.upload_blob(
            [this](char* buffer, size_t size) { return pipe_.read(buffer, size); },
            [this] { return *digest_; });
        pipe_.abandon();
        maker.join();
        TRY(sent);
        auto media_type = TRY(layer_media_type(push_.format, push_.compression.kind));
        return oci::Descriptor{.media_type = std::move(media_type),
                               .digest = *digest_,
                               .size = size_,
                               .platform = {},
                               .annotations = {}};
    }

  private:
    Status make() {
        const auto layer = TRY(OutgoingLayerStream::open(push_.context, diff_id_));
        Sha256 compressed;
        auto deflate = TRY(Compressor::create(push_.compression, [&](std::string_view bytes) {
            compressed.update(bytes);
            size_ += bytes.size();
            return pipe_.write(bytes);
        }));
        TRY(layer.write_to([&](std::string_view bytes) { return deflate.feed(bytes); }));
        TRY(deflate.finish());
        digest_ = TRY(oci::Digest::parse("sha256:" + compressed.finish_hex()));
        return {};
    }

    const Push& push_;
    const oci::DiffId& diff_id_;
    BytePipe pipe_;
    uint64_t size_ = 0;
    std::optional<oci::Digest> digest_;
};

Result<oci::Descriptor> send_layer(const Push& push,
                                   RegistryClient& client,
                                   const oci::DiffId& diff_id) {
    for (int attempt = 1;; ++attempt) {
        Sending sending(push, diff_id);
        auto sent = sending.run(client);
        const bool again = !sent && sent.error().kind == ErrorKind::Unavailable;
        if (!again || attempt == kMaxAttempts) return sent;
        ::usleep(100'000U << static_cast<unsigned>(attempt));
    }
}

Result<oci::Descriptor> push_layer(const Push& push,
                                   RegistryClient& client,
                                   const OutgoingLayer& layer) {
    const auto diff_id = TRY(oci::DiffId::parse(layer.diff_id));
    auto there = TRY(find_there(push, client, layer));
    if (there) {
        tell(push, TransferEvent::Kind::BlobExists, layer.diff_id);
        return *there;
    }
    auto sent = TRY(send_layer(push, client, diff_id));
    tell(push, TransferEvent::Kind::BlobDone, layer.diff_id);
    return sent;
}

// A layer named twice is sent once.
Result<std::vector<oci::Descriptor>> push_layers(const Push& push,
                                                 const RegistryOptions& options,
                                                 RegistryClient& client) {
    const auto& layers = push.image.layers;
    std::vector<std::optional<oci::Descriptor>> sent(layers.size());
    const auto first_of = [&](size_t index) {
        size_t first = 0;
        while (layers[first].diff_id != layers[index].diff_id) ++first;
        return first;
    };
    const auto work = [&](RegistryClient& own, size_t i) -> Status {
        if (first_of(i) != i) return {};
        sent[i] = TRY_CONTEXT(push_layer(push, own, layers[i]), "layer " + layers[i].diff_id);
        return {};
    };
    TRY(for_each_layer(layers.size(), options, client, work));
    std::vector<oci::Descriptor> descriptors;
    for (size_t i = 0; i < layers.size(); ++i) descriptors.push_back(*sent[first_of(i)]);
    return descriptors;
}

Status push_config(const Push& push, RegistryClient& client) {
    const auto digest = TRY(oci::Digest::parse("sha256:" + sha256_hex(push.image.config)));
    if (!TRY(client.has_blob(digest))) TRY(client.upload_small_blob(push.image.config, digest));
    tell(push, TransferEvent::Kind::ConfigDone, digest.text());
    return {};
}

TransferredImage as_result(const Push& push,
                           ComposedManifest&& manifest,
                           const std::vector<oci::Descriptor>& layers) {
    TransferredImage image;
    image.config_digest = "sha256:" + sha256_hex(push.image.config);
    image.manifest = std::move(manifest.bytes);
    image.manifest_media_type = std::move(manifest.media_type);
    image.manifest_digest = std::move(manifest.digest);
    for (size_t i = 0; i < layers.size(); ++i) {
        TransferredLayer layer{.diff_id = push.image.layers[i].diff_id};
        layer.blob = {.digest = layers[i].digest.text(),
                      .size = layers[i].size,
                      .media_type = layers[i].media_type,
                      .repository = push.repository};
        image.layers.push_back(std::move(layer));
    }
    return image;
}

RegistryOptions with_sources(RegistryOptions options, const Push& push) {
    std::set<std::string> sources;
    for (const OutgoingLayer& layer : push.image.layers) {
        for (const LayerBlob& blob : layer.blobs) {
            const bool here = blob.repository.starts_with(push.registry + "/");
            if (here && blob.repository != push.repository) {
                sources.insert(blob.repository.substr(push.registry.size() + 1));
            }
        }
    }
    options.mount_sources.assign(sources.begin(), sources.end());
    return options;
}

Result<TransferredImage> push_to(const TransferContext& context, const ImageRef& reference) {
    const TransferRequest& request = context.request;
    const OutgoingImage& image = request.images.front();
    const Push push{.context = context,
                    .image = image,
                    .format = TRY(choose_format(request.form, image.manifest_media_type)),
                    .compression = TRY(choose_compression(request.form)),
                    .repository = reference.registry() + "/" + reference.repository(),
                    .registry = reference.registry()};
    TRY(layer_media_type(push.format, push.compression.kind));
    const auto options = with_sources(context.registries.front(), push);
    auto client = TRY(RegistryClient::connect(options));
    const auto layers = TRY(push_layers(push, options, client));
    TRY(push_config(push, client));
    auto manifest = TRY(compose_manifest(image, push.format, layers));
    const std::string tag = reference.tag().value_or(std::string("latest"));
    TRY(client.put_manifest(tag, manifest.media_type, manifest.bytes));
    tell(push, TransferEvent::Kind::ManifestDone, manifest.digest);
    return as_result(push, std::move(manifest), layers);
}

}  // namespace

Result<TransferredImage> push_image(const TransferContext& context) {
    const auto reference = TRY(ImageRef::parse(context.request.reference));
    if (context.request.images.size() != 1 || context.registries.empty()) {
        return make_error(ErrorKind::Internal, "a push of no image, or to nowhere");
    }
    auto pushed = push_to(context, reference);
    if (!pushed) return std::move(pushed).error().context("push to '" + reference.full() + "'");
    return pushed;
}

}  // namespace dhow::store
