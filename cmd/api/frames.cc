// SPDX-License-Identifier: Apache-2.0
#include "cmd/api/frames.h"

#include <cstdint>

namespace dhow::api {

void append_frame(std::string& out, StreamId stream, std::string_view bytes) {
    const auto length = static_cast<uint32_t>(bytes.size());
    out += static_cast<char>(stream);
    out.append(3, '\0');
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        out += static_cast<char>((length >> shift) & 0xffU);
    }
    out += bytes;
}

std::string frame(StreamId stream, std::string_view bytes) {
    std::string out;
    append_frame(out, stream, bytes);
    return out;
}

}  // namespace dhow::api
