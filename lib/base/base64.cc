// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <cstdint>

namespace dhow {

static constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string encode_base64(std::string_view bytes) {
    std::string text;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const auto at = [&](size_t k) {
            return k < bytes.size() ? static_cast<uint32_t>(static_cast<unsigned char>(bytes[k]))
                                    : 0U;
        };
        const uint32_t group = at(i) << 16U | at(i + 1) << 8U | at(i + 2);
        text += kAlphabet[group >> 18U & 63U];
        text += kAlphabet[group >> 12U & 63U];
        text += i + 1 < bytes.size() ? kAlphabet[group >> 6U & 63U] : '=';
        text += i + 2 < bytes.size() ? kAlphabet[group & 63U] : '=';
    }
    return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string bytes;
    for (size_t i = 0; i < text.size(); i += 4) {
        uint32_t group = 0;
        int padding = 0;
        for (size_t k = i; k < i + 4; ++k) {
            const size_t digit = kAlphabet.find(text[k]);
            const bool pad = text[k] == '=' && i + 4 == text.size() && k >= i + 2;
            if (digit == std::string_view::npos && !pad) return std::nullopt;
            if (padding > 0 && !pad) return std::nullopt;
            padding += pad ? 1 : 0;
            group = group << 6U | (pad ? 0U : static_cast<uint32_t>(digit));
        }
        for (int shift = 16; shift >= 8 * padding; shift -= 8) {
            bytes += static_cast<char>(group >> static_cast<unsigned>(shift) & 0xffU);
        }
    }
    return bytes;
}

}  // namespace dhow
