// SPDX-License-Identifier: Apache-2.0
// Descriptors and platforms (OCI image-spec 1.1, descriptor.md and image-index.md), and the media
// types dhow understands, OCI's and Docker's.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "oci/spec/digest.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace dhow::oci {

struct Platform {
    std::string architecture;  // GOARCH: "amd64"
    std::string os;            // GOOS: "linux"
    std::string variant;       // "v8"; may be empty

    bool operator==(const Platform&) const = default;
};

// "os/arch[/variant]"
Result<Platform> parse_platform(std::string_view text);
std::string to_string(const Platform& platform);
Platform host_platform();
// Of WebAssembly modules: "wasi/wasm", and what others write for it ("wasip1/wasm", "wasi/wasm32").
bool is_wasi(const Platform& platform);
// Whether an image for `offered` runs where `wanted` is asked for: variants are compared when both
// say one.
bool matches(const Platform& offered, const Platform& wanted);

struct Descriptor {
    std::string media_type;
    Digest digest;
    uint64_t size = 0;  // bytes
    Platform platform;  // empty but in an index
    std::map<std::string, std::string> annotations;
};

// A size below zero, or a digest of another form, is an error.
Result<Descriptor> parse_descriptor(const json::Object& object);

enum class Compression { None, Gzip, Zstd };

bool is_index_type(std::string_view media_type);
bool is_manifest_type(std::string_view media_type);
// Layers of other types (foreign, encrypted, artifacts) are Unsupported.
Result<Compression> layer_compression(std::string_view media_type);

inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";

}  // namespace dhow::oci
