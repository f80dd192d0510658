// SPDX-License-Identifier: Apache-2.0
// Docker's multiplexed stream: each piece of output behind eight bytes, {stream, 0, 0, 0, length as
// 32 bits big-endian}. Used where no terminal is; with one the bytes go as they are. Pure.
#pragma once

#include <string>
#include <string_view>

namespace dhow::api {

enum class StreamId : char { Stdin = 0, Stdout = 1, Stderr = 2, SystemError = 3 };

void append_frame(std::string& out, StreamId stream, std::string_view bytes);
std::string frame(StreamId stream, std::string_view bytes);

}  // namespace dhow::api
