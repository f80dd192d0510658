// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/store/compress.h"

#include <zlib.h>
#include <zstd.h>

namespace dhow::store {

std::string gzip(std::string_view text) {
    z_stream stream{};
    constexpr int kGzipWindow = 15 + 16;
    ::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
    std::string out(::deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    return out;
}

std::string zstd(std::string_view text, int window_log) {
    ZSTD_CCtx* context = ::ZSTD_createCCtx();
    ::ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    if (window_log != 0) {
        ::ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
        // A frame that says its size needs no larger window than that.
        ::ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    }
    std::string out(::ZSTD_compressBound(text.size()), '\0');
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    ZSTD_inBuffer input{text.data(), text.size(), 0};
    // In two steps: a size that is known in the beginning would shrink the window again.
    ::ZSTD_compressStream2(context, &output, &input, ZSTD_e_continue);
    ::ZSTD_compressStream2(context, &output, &input, ZSTD_e_end);
    out.resize(output.pos);
    ::ZSTD_freeCCtx(context);
    return out;
}

}  // namespace dhow::store
