// SPDX-License-Identifier: Apache-2.0
#include "oci/spec/digest.h"

#include "base/text.h"

namespace dhow::oci::internal {

Result<std::string> parse_sha256(std::string_view text, std::string_view what) {
    constexpr std::string_view kPrefix = "sha256:";
    constexpr size_t kDigits = 64;
    if (text.starts_with(kPrefix)) {
        const std::string_view digits = text.substr(kPrefix.size());
        if (digits.size() == kDigits && is_hex(digits)) return std::string(digits);
    }
    return make_error(ErrorKind::InvalidArgument,
                      std::string(what) + " '" + printable(text.substr(0, 100)) +
                          "' is not sha256: and 64 lower-case digits");
}

}  // namespace dhow::oci::internal
