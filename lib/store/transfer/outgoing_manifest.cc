// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/outgoing_manifest.h"

#include "base/json.h"
#include "base/text.h"
#include "oci/spec/manifest.h"
#include "store/transfer/sha256.h"

namespace dhow::store {

namespace {

constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";

bool same_layers(const std::vector<oci::Descriptor>& left,
                 const std::vector<oci::Descriptor>& right) {
    const auto same = [](const oci::Descriptor& one, const oci::Descriptor& other) {
        return one.digest == other.digest && one.size == other.size &&
               one.media_type == other.media_type;
    };
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), same);
}

json::Object descriptor_object(std::string_view media_type,
                               const std::string& digest,
                               uint64_t size) {
    return {{"mediaType", media_type}, {"digest", digest}, {"size", size}};
}

// An OCI manifest's annotations and further members stay; what schema 2 has has its place here.
Result<json::Object> skeleton_of(const OutgoingImage& image, ManifestFormat format) {
    json::Object object;
    if (format == ManifestFormat::Oci && image.manifest_media_type == oci::kOciManifest) {
        object = TRY(json::parse_object(image.manifest, "image manifest"));
    }
    object["schemaVersion"] = 2;
    object["mediaType"] = format == ManifestFormat::Oci ? oci::kOciManifest : oci::kDockerManifest;
    return object;
}

ComposedManifest composed(std::string bytes, std::string_view media_type) {
    ComposedManifest manifest;
    manifest.digest = "sha256:" + sha256_hex(bytes);
    manifest.bytes = std::move(bytes);
    manifest.media_type = media_type;
    return manifest;
}

}  // namespace

Result<ManifestFormat> choose_format(const OutgoingForm& form,
                                     std::string_view manifest_media_type) {
    if (form.format == "oci") return ManifestFormat::Oci;
    if (form.format == "v2s2") return ManifestFormat::DockerSchema2;
    if (!form.format.empty()) {
        return make_error(ErrorKind::InvalidArgument,
                          "unknown manifest format '" + printable(form.format) + "'",
                          "use oci or v2s2");
    }
    const bool docker = manifest_media_type == oci::kDockerManifest && form.compression != "zstd";
    return docker ? ManifestFormat::DockerSchema2 : ManifestFormat::Oci;
}

Result<std::string> layer_media_type(ManifestFormat format, oci::Compression compression) {
    if (format == ManifestFormat::Oci) {
        const std::string plain = "application/vnd.oci.image.layer.v1.tar";
        switch (compression) {
            case oci::Compression::None:
                return plain;
            case oci::Compression::Gzip:
                return plain + "+gzip";
            case oci::Compression::Zstd:
                return plain + "+zstd";
        }
    }
    const std::string plain = "application/vnd.docker.image.rootfs.diff.tar";
    switch (compression) {
        case oci::Compression::None:
            return plain;
        case oci::Compression::Gzip:
            return plain + ".gzip";
        case oci::Compression::Zstd:
            break;
    }
    return make_error(ErrorKind::Unsupported,
                      "a schema 2 manifest has no layers in zstd",
                      "use --format oci, or another compression");
}

Result<ComposedManifest> compose_manifest(const OutgoingImage& image,
                                          ManifestFormat format,
                                          const std::vector<oci::Descriptor>& layers) {
    const auto original = TRY(oci::parse_manifest(image.manifest, image.manifest_media_type));
    const std::string_view wanted =
        format == ManifestFormat::Oci ? oci::kOciManifest : oci::kDockerManifest;
    if (image.manifest_media_type == wanted && same_layers(original.layers, layers)) {
        return composed(image.manifest, wanted);
    }
    return new_manifest(image, format, layers);
}

Result<ComposedManifest> new_manifest(const OutgoingImage& image,
                                      ManifestFormat format,
                                      const std::vector<oci::Descriptor>& layers) {
    const std::string_view wanted =
        format == ManifestFormat::Oci ? oci::kOciManifest : oci::kDockerManifest;
    auto object = TRY(skeleton_of(image, format));
    object["config"] = descriptor_object(format == ManifestFormat::Oci ? kOciConfig : kDockerConfig,
                                         "sha256:" + sha256_hex(image.config),
                                         image.config.size());
    json::Array list;
    for (const oci::Descriptor& layer : layers) {
        list.push_back(descriptor_object(layer.media_type, layer.digest.text(), layer.size));
    }
    object["layers"] = std::move(list);
    return composed(json::compact(object), wanted);
}

}  // namespace dhow::store
