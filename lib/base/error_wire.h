// SPDX-License-Identifier: Apache-2.0
// An Error as bytes, for pipes and sockets between dhow's processes: four fields, each ended by a
// NUL: kind name, errno in decimal, message, fix. Holds no JSON, so the shim may use it.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace dhow {

std::string encode_error(const Error& error);
// Bytes that are no encoded error come back as an Internal error that quotes them.
Error decode_error(std::string_view bytes);

}  // namespace dhow
