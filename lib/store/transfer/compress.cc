// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/compress.h"

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <vector>

namespace dhow::store {

namespace {

constexpr size_t kOutput = 256U << 10U;
constexpr int kBestGzip = 9;
constexpr int kBestZstd = 20;  // what lies beyond takes more memory than a pull may have
constexpr int kDefaultZstd = 3;

}  // namespace

struct Compressor::Engine {
    explicit Engine(ByteSink to) : sink(std::move(to)), output(kOutput) {}

    virtual ~Engine() = default;
    virtual Status feed(std::string_view bytes) = 0;
    virtual Status finish() = 0;

    ByteSink sink;
    std::vector<char> output;
};

struct Compressor::Plain : Compressor::Engine {
    using Engine::Engine;

    Status feed(std::string_view bytes) override { return sink(bytes); }

    Status finish() override { return {}; }
};

// ISA-L has levels 0 to 3, of which the last packs about as zlib's 4 at several times its speed.
struct Compressor::Gzip : Compressor::Engine {
    Gzip(ByteSink to, int level) : Engine(std::move(to)), buffer(ISAL_DEF_LVL3_DEFAULT) {
        ::isal_deflate_init(&stream);
        stream.gzip_flag = IGZIP_GZIP;
        constexpr int kFast = 2;
        constexpr int kGood = 6;
        stream.level = level <= kFast ? 1 : level < kGood ? 2 : 3;
        stream.level_buf = buffer.data();
        stream.level_buf_size = static_cast<uint32_t>(buffer.size());
    }

    Status run(std::string_view bytes, bool last) {
        stream.next_in = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(bytes.data()));
        stream.avail_in = static_cast<uint32_t>(bytes.size());
        stream.end_of_stream = last ? 1 : 0;
        stream.flush = NO_FLUSH;
        do {
            stream.next_out = reinterpret_cast<uint8_t*>(output.data());
            stream.avail_out = static_cast<uint32_t>(output.size());
            if (const int code = ::isal_deflate(&stream); code != COMP_OK) {
                return make_error(ErrorKind::Internal, "gzip: error " + std::to_string(code));
            }
            const size_t made = output.size() - stream.avail_out;
            if (made > 0) TRY(sink(std::string_view(output.data(), made)));
        } while (stream.avail_out == 0 || stream.avail_in > 0 ||
                 (last && stream.internal_state.state != ZSTATE_END));
        return {};
    }

    Status feed(std::string_view bytes) override {
        constexpr size_t kAtOnce = 1U << 30U;
        for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kAtOnce))) {
            TRY(run(bytes.substr(0, kAtOnce), false));
        }
        return {};
    }

    Status finish() override { return run({}, true); }

    isal_zstream stream{};
    std::vector<uint8_t> buffer;
};

struct Compressor::Zstd : Compressor::Engine {
    Zstd(ByteSink to, int level) : Engine(std::move(to)) {
        ::ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
        ::ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    }

    ~Zstd() override { ::ZSTD_freeCCtx(context); }

    Zstd(const Zstd&) = delete;
    Zstd& operator=(const Zstd&) = delete;

    Status run(std::string_view bytes, ZSTD_EndDirective directive) {
        ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
        while (true) {
            ZSTD_outBuffer out{output.data(), output.size(), 0};
            const size_t left = ::ZSTD_compressStream2(context, &out, &input, directive);
            if (::ZSTD_isError(left) != 0) {
                return make_error(ErrorKind::Internal,
                                  std::string("zstd: ") + ::ZSTD_getErrorName(left));
            }
            if (out.pos > 0) TRY(sink(std::string_view(output.data(), out.pos)));
            if (directive == ZSTD_e_end ? left == 0 : input.pos == input.size) return {};
        }
    }

    Status feed(std::string_view bytes) override { return run(bytes, ZSTD_e_continue); }

    Status finish() override { return run({}, ZSTD_e_end); }

    ZSTD_CCtx* context = ::ZSTD_createCCtx();
};

static Result<int> checked_level(std::optional<int> level, int fallback, int best) {
    if (!level) return fallback;
    if (*level >= 1 && *level <= best) return *level;
    return make_error(ErrorKind::InvalidArgument,
                      "compression level " + std::to_string(*level) + " is not within 1 and " +
                          std::to_string(best));
}

Status check_compression(const CompressionChoice& choice) {
    TRY(Compressor::create(choice, {}));
    return {};
}

Compressor::Compressor(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}

Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;
Compressor::~Compressor() = default;

Result<Compressor> Compressor::create(const CompressionChoice& choice, ByteSink sink) {
    switch (choice.kind) {
        case oci::Compression::Gzip: {
            constexpr int kDefaultGzip = 5;
            const int level = TRY(checked_level(choice.level, kDefaultGzip, kBestGzip));
            return Compressor(std::make_unique<Gzip>(std::move(sink), level));
        }
        case oci::Compression::Zstd: {
            const int level = TRY(checked_level(choice.level, kDefaultZstd, kBestZstd));
            return Compressor(std::make_unique<Zstd>(std::move(sink), level));
        }
        case oci::Compression::None:
            break;
    }
    return Compressor(std::make_unique<Plain>(std::move(sink)));
}

Status Compressor::feed(std::string_view bytes) {
    return engine_->feed(bytes);
}

Status Compressor::finish() {
    return engine_->finish();
}

}  // namespace dhow::store
