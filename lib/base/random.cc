// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include "base/text.h"

#include <cstdlib>

#include <sys/random.h>

namespace dhow {

static void fill(void* bytes, size_t size) {
    // getrandom cannot fail for 256 bytes or less once the kernel's pool is ready.
    if (::getrandom(bytes, size, 0) != static_cast<ssize_t>(size)) abort();
}

std::string random_hex(size_t bytes) {
    std::string raw(bytes, '\0');
    fill(raw.data(), raw.size());
    return to_hex(raw);
}

uint32_t random_below(uint32_t bound) {
    uint64_t wide = 0;
    fill(&wide, sizeof wide);
    return static_cast<uint32_t>(wide % bound);  // bias below 2^-32
}

}  // namespace dhow
