// SPDX-License-Identifier: Apache-2.0
// The manifest that an image goes out with: its own, byte for byte, where nothing has changed, so
// that its digest stays; else one with the layers as they were sent. Pure.
#pragma once

#include "base/result.h"
#include "oci/spec/descriptor.h"
#include "store/transfer_protocol.h"

#include <string>
#include <string_view>
#include <vector>

namespace dhow::store {

enum class ManifestFormat { Oci, DockerSchema2 };

// "oci", "v2s2", or "" for the one the image came in, which zstd turns into OCI: schema 2 has no
// name for it.
Result<ManifestFormat> choose_format(const OutgoingForm& form,
                                     std::string_view manifest_media_type);

// Unsupported: schema 2 and zstd.
Result<std::string> layer_media_type(ManifestFormat format, oci::Compression compression);

struct ComposedManifest {
    std::string bytes;
    std::string media_type;
    std::string digest;
};

// `layers`: bottom first, of media types of `format`. Of the image only its config counts.
Result<ComposedManifest> new_manifest(const OutgoingImage& image,
                                      ManifestFormat format,
                                      const std::vector<oci::Descriptor>& layers);
// The image's own manifest where that says the same.
Result<ComposedManifest> compose_manifest(const OutgoingImage& image,
                                          ManifestFormat format,
                                          const std::vector<oci::Descriptor>& layers);

}  // namespace dhow::store
