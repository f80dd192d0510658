// SPDX-License-Identifier: Apache-2.0
// Manifests, indexes and image configs as a registry sends them. No document passes for two of
// them, and every digest that is let through has the one canonical form.
#include "oci/spec/image_config.h"
#include "oci/spec/manifest.h"
#include "tests/fuzz/require.h"

namespace {

using namespace dhow;
using namespace dhow::oci;
using fuzz::require;

void require_canonical(const Descriptor& descriptor) {
    require(descriptor.digest.hex().size() == 64);
    require(static_cast<bool>(Digest::parse(descriptor.digest.text())));
    require(descriptor.size <= static_cast<uint64_t>(INT64_MAX));
}

void require_told(const Error& error) {
    fuzz::require_printable(error.message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto text = fuzz::as_text(data, size);
    bool is_manifest = false;
    for (const std::string_view type : {kOciManifest, kDockerManifest}) {
        const auto manifest = parse_manifest(text, type);
        if (!manifest) {
            require_told(manifest.error());
            continue;
        }
        is_manifest = true;
        require(manifest->layers.size() <= kMaxLayers);
        require_canonical(manifest->config);
        for (const Descriptor& layer : manifest->layers) {
            require_canonical(layer);
            const auto compression = layer_compression(layer.media_type);
            if (!compression) require_told(compression.error());
        }
    }
    for (const std::string_view type : {kOciIndex, kDockerList}) {
        const auto index = parse_index(text, type);
        if (!index) {
            require_told(index.error());
            continue;
        }
        require(!is_manifest);
        for (const Descriptor& listed : index->manifests) require_canonical(listed);
        const auto chosen = choose_manifest(*index, host_platform());
        if (!chosen) {
            require_told(chosen.error());
        } else {
            require(is_manifest_type(chosen->media_type));
        }
    }
    const auto config = parse_image_config(text);
    if (!config) {
        require_told(config.error());
    } else {
        for (const DiffId& diff_id : config->rootfs.diff_ids) require(diff_id.hex().size() == 64);
    }
    return 0;
}
