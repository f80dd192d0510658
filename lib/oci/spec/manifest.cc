// SPDX-License-Identifier: Apache-2.0
#include "oci/spec/manifest.h"

#include "base/text.h"

namespace dhow::oci {

namespace {

Error malformed(std::string why) {
    return make_error(ErrorKind::InvalidArgument, "image manifest: " + std::move(why));
}

Result<json::Object> parse_document(std::string_view text, std::string_view media_type) {
    if (text.size() > kMaxManifestBytes) return malformed("larger than 4 MiB");
    auto object = TRY(json::parse_object(text, "image manifest"));
    if (object.contains("manifests") && (object.contains("layers") || object.contains("config"))) {
        return malformed("it is both a manifest and an index");
    }
    const auto version = TRY(json::get_int(object, "schemaVersion"));
    if (version != 2) {
        return make_error(ErrorKind::Unsupported,
                          "image manifest: schema version is not 2",
                          "push the image again with a current tool");
    }
    const auto own = TRY(json::get_string(object, "mediaType"));
    if (own && *own != media_type) {
        return malformed("it calls itself '" + printable(*own) + "' and was sent as '" +
                         printable(media_type) + "'");
    }
    return object;
}

Result<std::vector<Descriptor>> parse_descriptors(const json::Object& object,
                                                  std::string_view name) {
    std::vector<Descriptor> descriptors;
    const json::Array* array = TRY(json::get_array(object, name));
    if (array == nullptr) return malformed("no '" + std::string(name) + "'");
    if (array->size() > kMaxLayers) return malformed("too many '" + std::string(name) + "'");
    for (const json::Value& value : *array) {
        if (!value.is_object()) return malformed("'" + std::string(name) + "' holds a non-object");
        descriptors.push_back(TRY(parse_descriptor(value.get_object())));
    }
    return descriptors;
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view text, std::string_view media_type) {
    const auto object = TRY(parse_document(text, media_type));
    const json::Object* config = TRY(json::get_object(object, "config"));
    if (config == nullptr) return malformed("no 'config'");
    auto config_descriptor = TRY(parse_descriptor(*config));
    auto layers = TRY(parse_descriptors(object, "layers"));
    return Manifest{.media_type = std::string(media_type),
                    .config = std::move(config_descriptor),
                    .layers = std::move(layers)};
}

Result<Index> parse_index(std::string_view text, std::string_view media_type) {
    const auto object = TRY(parse_document(text, media_type));
    auto manifests = TRY(parse_descriptors(object, "manifests"));
    return Index{.media_type = std::string(media_type), .manifests = std::move(manifests)};
}

Result<Descriptor> choose_manifest(const Index& index, const Platform& wanted) {
    std::vector<std::string> offered;
    for (const Descriptor& manifest : index.manifests) {
        // Attestations are listed beside images, for platform unknown/unknown.
        if (!is_manifest_type(manifest.media_type)) continue;
        if (matches(manifest.platform, wanted)) return manifest;
        offered.push_back(to_string(manifest.platform));
    }
    return make_error(ErrorKind::NotFound,
                      "the image has nothing for platform '" + to_string(wanted) +
                          "', only for: " + printable(join(offered, ", ")),
                      "ask for one of these with --platform");
}

}  // namespace dhow::oci
