// SPDX-License-Identifier: Apache-2.0
#include "oci/spec/descriptor.h"

#include "base/text.h"

#include <sys/utsname.h>

namespace dhow::oci {

Result<Platform> parse_platform(std::string_view text) {
    const auto parts = split(text, '/');
    const bool good =
        (parts.size() == 2 || parts.size() == 3) && !parts[0].empty() && !parts[1].empty();
    if (!good) {
        return make_error(ErrorKind::InvalidArgument,
                          "platform '" + printable(text) + "' is malformed",
                          "write it as os/arch or os/arch/variant, such as linux/arm64/v8");
    }
    return Platform{.architecture = parts[1],
                    .os = parts[0],
                    .variant = parts.size() == 3 ? parts[2] : std::string()};
}

std::string to_string(const Platform& platform) {
    std::string text = platform.os + "/" + platform.architecture;
    if (!platform.variant.empty()) text += "/" + platform.variant;
    return text;
}

Platform host_platform() {
    utsname system{};
    ::uname(&system);
    const std::string_view machine(system.machine);
    Platform platform{.architecture = std::string(machine), .os = "linux", .variant = {}};
    if (machine == "x86_64") platform.architecture = "amd64";
    if (machine == "aarch64") platform.architecture = "arm64";
    if (machine == "armv7l") {
        platform.architecture = "arm";
        platform.variant = "v7";
    }
    return platform;
}

bool is_wasi(const Platform& platform) {
    return (platform.os == "wasi" || platform.os == "wasip1" || platform.os == "wasip2") &&
           (platform.architecture == "wasm" || platform.architecture == "wasm32");
}

bool matches(const Platform& offered, const Platform& wanted) {
    if (is_wasi(offered) && is_wasi(wanted)) {
        return offered.os == wanted.os || offered.os == "wasi" || wanted.os == "wasi";
    }
    const bool variants_agree =
        offered.variant.empty() || wanted.variant.empty() || offered.variant == wanted.variant;
    return offered.os == wanted.os && offered.architecture == wanted.architecture && variants_agree;
}

static Result<Platform> read_platform(const json::Object& object) {
    Platform platform;
    const json::Object* member = TRY(json::get_object(object, "platform"));
    if (member == nullptr) return platform;
    platform.architecture = TRY(json::get_string(*member, "architecture")).value_or("");
    platform.os = TRY(json::get_string(*member, "os")).value_or("");
    platform.variant = TRY(json::get_string(*member, "variant")).value_or("");
    return platform;
}

Result<Descriptor> parse_descriptor(const json::Object& object) {
    const auto digest_text = TRY(json::get_string(object, "digest"));
    const auto size = TRY(json::get_int(object, "size"));
    if (!size || *size < 0) {
        return make_error(ErrorKind::InvalidArgument, "a descriptor has no valid size");
    }
    Descriptor descriptor{.digest = TRY(Digest::parse(digest_text.value_or("")))};
    descriptor.media_type = TRY(json::get_string(object, "mediaType")).value_or("");
    descriptor.size = static_cast<uint64_t>(*size);
    descriptor.platform = TRY(read_platform(object));
    descriptor.annotations = TRY(json::get_string_map(object, "annotations"));
    return descriptor;
}

bool is_index_type(std::string_view media_type) {
    return media_type == kOciIndex || media_type == kDockerList;
}

bool is_manifest_type(std::string_view media_type) {
    return media_type == kOciManifest || media_type == kDockerManifest;
}

Result<Compression> layer_compression(std::string_view media_type) {
    if (media_type == "application/vnd.oci.image.layer.v1.tar" ||
        media_type == "application/vnd.docker.image.rootfs.diff.tar") {
        return Compression::None;
    }
    if (media_type == "application/vnd.oci.image.layer.v1.tar+gzip" ||
        media_type == "application/vnd.docker.image.rootfs.diff.tar.gzip") {
        return Compression::Gzip;
    }
    if (media_type == "application/vnd.oci.image.layer.v1.tar+zstd") return Compression::Zstd;
    return make_error(ErrorKind::Unsupported,
                      "layer of media type '" + printable(media_type) + "' is not supported");
}

}  // namespace dhow::oci
