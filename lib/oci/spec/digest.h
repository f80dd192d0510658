// SPDX-License-Identifier: Apache-2.0
// Content addresses of the OCI image spec (descriptor.md, "Digests"): sha256 alone, 64 lower-case
// digits, checked on construction. Four types that hold the same digits and mean different things:
// no conversion.
#pragma once

#include "base/result.h"

#include <compare>
#include <string>
#include <string_view>

namespace dhow::oci {

namespace internal {
// The digits of "sha256:<64 hex>"; `what` names the value in the error.
Result<std::string> parse_sha256(std::string_view text, std::string_view what);
}  // namespace internal

template <class Tag>
class Sha256Address {
  public:
    static Result<Sha256Address> parse(std::string_view text) {
        return Sha256Address(TRY(internal::parse_sha256(text, Tag::kWhat)));
    }

    // "64 hex digits"
    [[nodiscard]] const std::string& hex() const { return hex_; }

    // "sha256:<64 hex digits>"
    [[nodiscard]] std::string text() const { return "sha256:" + hex_; }

    auto operator<=>(const Sha256Address&) const = default;

  private:
    explicit Sha256Address(std::string hex) : hex_(std::move(hex)) {}

    std::string hex_;
};

struct DigestTag {
    static constexpr std::string_view kWhat = "digest";
};

struct DiffIdTag {
    static constexpr std::string_view kWhat = "DiffID";
};

struct ChainIdTag {
    static constexpr std::string_view kWhat = "ChainID";
};

struct ImageIdTag {
    static constexpr std::string_view kWhat = "image id";
};

using Digest = Sha256Address<DigestTag>;    // of a blob as it travels
using DiffId = Sha256Address<DiffIdTag>;    // of a layer's tar, uncompressed
using ChainId = Sha256Address<ChainIdTag>;  // of a stack of layers
using ImageId = Sha256Address<ImageIdTag>;  // of an image's config

}  // namespace dhow::oci
