// SPDX-License-Identifier: Apache-2.0
// ImageRef: a parsed and normalised image name, as the distribution specification's reference
// grammar has it with Docker's defaults: "busybox" is docker.io/library/busybox:latest. Pure; no
// look-ups.
//
//   reference = name [ ":" tag ] [ "@" digest ]     name = [ registry "/" ] path *( "/" path )
#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace dhow::store {

class ImageRef {
  public:
    // Strict: upper case in the path, a bare 64-digit id, an empty tag, names beyond 255 bytes are
    // InvalidArgument. Without tag and digest the tag is "latest".
    static Result<ImageRef> parse(std::string_view text);

    // "docker.io", "localhost:5000"
    [[nodiscard]] const std::string& registry() const { return registry_; }

    // "library/busybox"
    [[nodiscard]] const std::string& repository() const { return repository_; }

    [[nodiscard]] const std::optional<std::string>& tag() const { return tag_; }

    // "sha256:<64 hex>", validated
    [[nodiscard]] const std::optional<std::string>& digest() const { return digest_; }

    // True when the text named no registry (docker.io was filled in).
    [[nodiscard]] bool short_name() const { return short_name_; }

    // "docker.io/library/busybox"
    [[nodiscard]] std::string name() const;
    // "docker.io/library/busybox:latest"; with a digest "...@sha256:...", the tag kept if it was
    // given
    [[nodiscard]] std::string full() const;
    // As full() without what the defaults would fill in: "busybox:latest", "quay.io/a/b:1"
    [[nodiscard]] std::string familiar() const;

    bool operator==(const ImageRef& other) const { return full() == other.full(); }

  private:
    ImageRef() = default;

    std::string registry_;
    std::string repository_;
    std::optional<std::string> tag_;
    std::optional<std::string> digest_;
    bool short_name_ = false;
};

}  // namespace dhow::store
