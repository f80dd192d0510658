// SPDX-License-Identifier: Apache-2.0
// Image manifests and indexes (OCI image-spec 1.1, manifest.md and image-index.md; Docker schema
// 2).
#pragma once

#include "base/result.h"
#include "oci/spec/descriptor.h"

#include <string_view>
#include <vector>

namespace dhow::oci {

struct Manifest {
    std::string media_type;
    Descriptor config;
    std::vector<Descriptor> layers;  // base first
};

struct Index {
    std::string media_type;
    std::vector<Descriptor> manifests;
};

inline constexpr size_t kMaxManifestBytes = 4U << 20U;
inline constexpr size_t kMaxLayers = 500;

// `media_type` is what the registry or descriptor says; the document's own must agree where it has
// one. A document that is both manifest and index is refused whichever it is asked for as
// (CVE-2021-41190).
Result<Manifest> parse_manifest(std::string_view text, std::string_view media_type);
Result<Index> parse_index(std::string_view text, std::string_view media_type);

// The first manifest for `wanted`; NotFound lists what there is.
Result<Descriptor> choose_manifest(const Index& index, const Platform& wanted);

}  // namespace dhow::oci
