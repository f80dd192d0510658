// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/archive.h"

#include "base/text.h"
#include "store/image_ref.h"
#include "store/transfer/archive_file.h"

namespace dhow::store {

namespace {

constexpr int kMaxIndexDepth = 3;

Result<std::string> normalized_name(const std::string& text) {
    return TRY(ImageRef::parse(text)).full();
}

// --- docker-archive: manifest.json = [{"Config": "...", "RepoTags": [...], "Layers": [...]}]
// ----------

// A docker-archive has no manifest: this one says what it would have been, its layers uncompressed.
std::string make_manifest(const std::string& config, const oci::ImageConfig& parsed) {
    json::Array layers;
    for (const auto& diff_id : parsed.rootfs.diff_ids) {
        layers.emplace_back(json::Object{{"mediaType", "application/vnd.oci.image.layer.v1.tar"},
                                         {"digest", diff_id.text()},
                                         {"size", 0}});
    }
    const json::Object manifest{
        {"schemaVersion", 2},
        {"mediaType", oci::kOciManifest},
        {"config",
         json::Object{{"mediaType", "application/vnd.oci.image.config.v1+json"},
                      {"digest", "sha256:" + sha256_hex(config)},
                      {"size", config.size()}}},
        {"layers", std::move(layers)}};
    return json::compact(manifest);
}

Result<TransferredImage> load_docker_image(const TransferContext& context,
                                           const ArchiveFile& archive,
                                           const json::Object& entry) {
    const auto config_name = TRY(json::get_string(entry, "Config")).value_or("");
    const auto config = TRY(archive.read(config_name, oci::kMaxConfigBytes));
    const auto parsed = TRY(oci::parse_image_config(config));
    const auto layers = TRY(json::get_strings(entry, "Layers"));
    if (layers.size() != parsed.rootfs.diff_ids.size()) {
        return make_error(ErrorKind::Corrupt, "the archive's layers do not match its image config");
    }
    auto image = TRY(begin_image({.manifest = make_manifest(config, parsed),
                                  .manifest_media_type = std::string(oci::kOciManifest),
                                  .config = config}));
    for (size_t i = 0; i < layers.size(); ++i) {
        const LayerExpectation expected{
            .digest = {}, .size = {}, .diff_id = parsed.rootfs.diff_ids[i]};
        image.layers.push_back(
            TRY(take_layer(context, expected, expected.diff_id->text(), [&](const ByteSink& sink) {
                return archive.stream(layers[i], sink);
            })));
    }
    const auto tags = TRY(json::get_strings(entry, "RepoTags"));
    for (const std::string& tag : tags) image.names.push_back(TRY(normalized_name(tag)));
    return image;
}

Result<std::vector<TransferredImage>> load_docker_archive(const TransferContext& context,
                                                          const ArchiveFile& archive) {
    const auto text = TRY(archive.read("manifest.json", oci::kMaxManifestBytes));
    const auto document = TRY(json::parse(text, "manifest.json"));
    if (!document.is_array()) {
        return make_error(ErrorKind::Corrupt, "manifest.json in the archive is not a list");
    }
    std::vector<TransferredImage> images;
    for (const json::Value& entry : document.get_array()) {
        if (!entry.is_object()) continue;
        images.push_back(TRY(load_docker_image(context, archive, entry.get_object())));
    }
    return images;
}

// --- OCI archive: oci-layout, index.json, blobs/sha256/<hex>
// ------------------------------------------

// Where the blobs of an archive are.
struct Blobs {
    const ArchiveFile& archive;
    std::string folder;  // "blobs/sha256/", or nothing

    [[nodiscard]] std::string name_of(const oci::Digest& digest) const {
        return folder + digest.hex();
    }
};

// A document whose bytes are what its descriptor says.
Result<std::string> read_verified(const Blobs& blobs,
                                  const oci::Descriptor& descriptor,
                                  size_t limit) {
    auto bytes = TRY(blobs.archive.read(blobs.name_of(descriptor.digest), limit));
    if (bytes.size() == descriptor.size && sha256_hex(bytes) == descriptor.digest.hex()) {
        return bytes;
    }
    return make_error(ErrorKind::Corrupt,
                      "blob " + descriptor.digest.text() + " in the archive is damaged");
}

Result<oci::Descriptor> descend(const TransferContext& context,
                                const Blobs& blobs,
                                oci::Descriptor descriptor) {
    const auto wanted = context.request.platform.empty()
                            ? oci::host_platform()
                            : TRY(oci::parse_platform(context.request.platform));
    for (int depth = 0; oci::is_index_type(descriptor.media_type); ++depth) {
        if (depth == kMaxIndexDepth) return make_error(ErrorKind::Corrupt, "indexes nest too deep");
        const auto text = TRY(read_verified(blobs, descriptor, oci::kMaxManifestBytes));
        const auto index = TRY(oci::parse_index(text, descriptor.media_type));
        descriptor = TRY(oci::choose_manifest(index, wanted));
    }
    return descriptor;
}

// A bare tag names nothing by itself; a name with a registry or a tag does.
Status add_names(const oci::Descriptor& descriptor, TransferredImage& image) {
    for (const char* key : {"io.containerd.image.name", "org.opencontainers.image.ref.name"}) {
        const auto found = descriptor.annotations.find(key);
        if (found == descriptor.annotations.end()) continue;
        const std::string& name = found->second;
        if (name.find_first_of("/:") == std::string::npos) continue;
        image.names.push_back(TRY(normalized_name(name)));
        return {};
    }
    return {};
}

// What a manifest names, each verified by its digest.
Result<TransferredImage> load_blobs(const TransferContext& context,
                                    const Blobs& blobs,
                                    const std::string& text,
                                    const std::string& media_type) {
    const auto manifest = TRY(oci::parse_manifest(text, media_type));
    const auto config = TRY(read_verified(blobs, manifest.config, oci::kMaxConfigBytes));
    const auto parsed = TRY(oci::parse_image_config(config));
    TRY(check_layer_count(manifest, parsed));
    auto image =
        TRY(begin_image({.manifest = text, .manifest_media_type = media_type, .config = config}));
    for (size_t i = 0; i < manifest.layers.size(); ++i) {
        const oci::Descriptor& layer = manifest.layers[i];
        TRY(oci::layer_compression(layer.media_type));
        const LayerExpectation expected{
            .digest = layer.digest, .size = layer.size, .diff_id = parsed.rootfs.diff_ids[i]};
        image.layers.push_back(
            TRY(take_layer(context, expected, layer.digest.text(), [&](const ByteSink& sink) {
                return blobs.archive.stream(blobs.name_of(layer.digest), sink);
            })));
    }
    return image;
}

Result<TransferredImage> load_oci_image(const TransferContext& context,
                                        const Blobs& blobs,
                                        const oci::Descriptor& listed) {
    const auto descriptor = TRY(descend(context, blobs, listed));
    const auto text = TRY(read_verified(blobs, descriptor, oci::kMaxManifestBytes));
    auto image = TRY(load_blobs(context, blobs, text, descriptor.media_type));
    TRY(add_names(listed, image));
    return image;
}

Result<std::vector<TransferredImage>> load_oci_archive(const TransferContext& context,
                                                       const ArchiveFile& archive) {
    const auto text = TRY(archive.read("index.json", oci::kMaxManifestBytes));
    const auto index = TRY(oci::parse_index(text, oci::kOciIndex));
    const Blobs blobs{archive, "blobs/sha256/"};
    std::vector<TransferredImage> images;
    for (const oci::Descriptor& listed : index.manifests) {
        images.push_back(TRY(load_oci_image(context, blobs, listed)));
    }
    return images;
}

// --- docker-dir (skopeo's "dir:"): version, manifest.json as a registry has it, <hex>
// -------------------------------------------------------------------------------------

Result<std::vector<TransferredImage>> load_docker_dir(const TransferContext& context,
                                                      const ArchiveFile& archive) {
    const auto text = TRY(archive.read("manifest.json", oci::kMaxManifestBytes));
    const auto document = TRY(json::parse_object(text, "manifest.json"));
    const auto media_type = TRY(json::get_string(document, "mediaType"));
    std::vector<TransferredImage> images;
    images.push_back(TRY(load_blobs(
        context, Blobs{archive, ""}, text, media_type.value_or(std::string(oci::kOciManifest)))));
    return images;
}

}  // namespace

Result<std::vector<TransferredImage>> load_archive(const TransferContext& context, int fd) {
    const auto archive = TRY(ArchiveFile::open(fd, context.request.staging_dir));
    std::vector<TransferredImage> images;
    // `docker save` of today writes both; manifest.json is the one that knows the names.
    if (archive.has("version")) {
        images = TRY(load_docker_dir(context, archive));
    } else if (archive.has("manifest.json")) {
        images = TRY(load_docker_archive(context, archive));
    } else if (archive.has("index.json")) {
        images = TRY(load_oci_archive(context, archive));
    } else {
        return make_error(ErrorKind::InvalidArgument,
                          "the archive holds no image: neither manifest.json nor index.json",
                          "make one with: docker save, podman save, or skopeo copy");
    }
    if (images.empty()) return make_error(ErrorKind::InvalidArgument, "the archive is empty");
    return images;
}

}  // namespace dhow::store
