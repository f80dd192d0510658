// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets say of the code beside "it does not crash".
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace dhow::fuzz {

inline void require(bool promise) {
    if (!promise) std::abort();
}

// Errors are printed on terminals and written to logs.
inline void require_printable(std::string_view message) {
    require(!message.empty());
    for (const char c : message) require(c >= ' ' && c <= '~');
}

inline std::string_view as_text(const uint8_t* data, size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

}  // namespace dhow::fuzz
