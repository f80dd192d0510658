// SPDX-License-Identifier: Apache-2.0
// Base64 with padding (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dhow {

std::string encode_base64(std::string_view bytes);
// nullopt for anything but whole, padded groups of the alphabet.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace dhow
