// SPDX-License-Identifier: Apache-2.0
// Writing tar: ustar headers (POSIX.1-1988), and pax records (POSIX.1-2001) before them for what
// does not fit: long names, large numbers, fractions of seconds, extended attributes. Pure.
#pragma once

#include "store/transfer/tar.h"

#include <cstdint>
#include <string>

namespace dhow::store {

// All blocks that come before the entry's data. Same entry, same bytes.
std::string tar_header(const TarEntry& entry);
// Zeros from the end of `size` bytes of data to the end of the block.
std::string tar_padding(uint64_t size);
// The two blocks that close a tar.
std::string tar_end();

}  // namespace dhow::store
