// SPDX-License-Identifier: Apache-2.0
// Image names: what is accepted means the same when it is printed and read again.
#include "store/image_ref.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace dhow;
    using fuzz::require;
    const auto ref = store::ImageRef::parse(fuzz::as_text(data, size));
    if (!ref) {
        fuzz::require_printable(ref.error().message);
        return 0;
    }
    fuzz::require_printable(ref->full());
    require(ref->tag() || ref->digest());
    require(!ref->registry().empty() && ref->registry().find('/') == std::string::npos);
    require(("/" + ref->repository() + "/").find("/../") == std::string::npos);
    for (const std::string& text : {ref->full(), ref->familiar()}) {
        const auto again = store::ImageRef::parse(text);
        require(static_cast<bool>(again) && again->full() == ref->full());
    }
    return 0;
}
