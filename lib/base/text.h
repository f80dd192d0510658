// SPDX-License-Identifier: Apache-2.0
// Small pure functions on text. Parsers accept the whole string or nothing: no leading blanks, no
// sign where none is due, no silent overflow.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dhow {

// Decimal (or another base) integer that fits T exactly; nullopt otherwise.
template <class T>
std::optional<T> parse_int(std::string_view text, int base = 10) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value, base);
    if (text.empty() || code != std::errc{} || stop != end) return std::nullopt;
    return value;
}

// Pieces between separators; "a,,b" gives three, "" gives one empty piece.
std::vector<std::string> split(std::string_view text, char separator);
// Text before and after the first separator; second is nullopt when there is none.
std::pair<std::string_view, std::optional<std::string_view>> split_once(std::string_view text,
                                                                        char separator);
std::string_view trim(std::string_view text);
std::string join(const std::vector<std::string>& pieces, std::string_view separator);
std::string to_lower(std::string_view text);
bool is_hex(std::string_view text);  // lower-case hexadecimal digits only, at least one
std::string to_hex(std::string_view bytes);
// Control characters and bytes above 0x7e as \xNN: for text from images, registries, containers.
std::string printable(std::string_view text);

}  // namespace dhow
