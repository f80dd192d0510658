// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/decompress.h"

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <vector>

namespace dhow::store {

namespace {

constexpr size_t kOutput = 256U << 10U;
constexpr int kMaxZstdWindowLog = 27;  // 128 MiB, what the zstd tool allows by default

Error corrupt(std::string_view what) {
    return make_error(ErrorKind::Corrupt, "inflate: " + std::string(what));
}

}  // namespace

struct Decompressor::Engine {
    virtual ~Engine() = default;
    virtual Status feed(std::string_view bytes, const ByteSink& sink) = 0;
    virtual Status finish() = 0;
};

namespace {

class GzipStream {
  public:
    GzipStream() : output_(kOutput) { restart(); }

    Status feed(std::string_view bytes, const ByteSink& sink) {
        state_.next_in = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(bytes.data()));
        state_.avail_in = static_cast<uint32_t>(bytes.size());
        while (true) {
            // A gzip file is a row of members; what follows the last one must be another's header.
            if (state_.block_state == ISAL_BLOCK_FINISH) {
                if (state_.avail_in == 0) return {};
                auto* rest = state_.next_in;
                const uint32_t left = state_.avail_in;
                restart();
                state_.next_in = rest;
                state_.avail_in = left;
            }
            begun_ = true;
            state_.next_out = output_.data();
            state_.avail_out = static_cast<uint32_t>(output_.size());
            const uint32_t before = state_.avail_in;
            const int code = ::isal_inflate(&state_);
            if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT)
                return corrupt("damaged gzip data");
            const size_t made = output_.size() - state_.avail_out;
            if (made > 0) {
                TRY(sink(std::string_view(reinterpret_cast<const char*>(output_.data()), made)));
            }
            const bool stuck = made == 0 && state_.avail_in == before;
            const bool drained = state_.avail_in == 0 && state_.avail_out > 0;
            if (state_.block_state != ISAL_BLOCK_FINISH && (stuck || drained)) return {};
        }
    }

    Status finish() const {
        if (begun_ && state_.block_state == ISAL_BLOCK_FINISH) return {};
        return corrupt("gzip data is cut short");
    }

  private:
    void restart() {
        ::isal_inflate_init(&state_);
        state_.crc_flag = ISAL_GZIP;
    }

    inflate_state state_{};
    std::vector<uint8_t> output_;
    bool begun_ = false;
};

class ZstdStream {
  public:
    ZstdStream() : stream_(::ZSTD_createDStream()), output_(kOutput) {
        ::ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kMaxZstdWindowLog);
    }

    ~ZstdStream() { ::ZSTD_freeDStream(stream_); }

    ZstdStream(const ZstdStream&) = delete;
    ZstdStream& operator=(const ZstdStream&) = delete;

    Status feed(std::string_view bytes, const ByteSink& sink) {
        ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
        while (true) {
            ZSTD_outBuffer output{output_.data(), output_.size(), 0};
            const size_t code = ::ZSTD_decompressStream(stream_, &output, &input);
            if (::ZSTD_isError(code) != 0) return corrupt(::ZSTD_getErrorName(code));
            frame_over_ = code == 0;
            if (output.pos > 0) TRY(sink(std::string_view(output_.data(), output.pos)));
            const bool eaten = input.pos == input.size;
            // Once the frame is over, another call would ask for the next one.
            if (eaten && (frame_over_ || output.pos < output.size)) return {};
        }
    }

    [[nodiscard]] Status finish() const {
        if (frame_over_) return {};
        return corrupt("zstd data is cut short");
    }

  private:
    ZSTD_DStream* stream_;
    std::vector<char> output_;
    bool frame_over_ = false;
};

class PlainStream {
  public:
    Status feed(std::string_view bytes, const ByteSink& sink) { return sink(bytes); }

    [[nodiscard]] Status finish() const { return {}; }
};

}  // namespace

template <class Stream, class Base>
struct StreamEngine : Base {
    Stream stream;

    Status feed(std::string_view bytes, const ByteSink& sink) override {
        return stream.feed(bytes, sink);
    }

    Status finish() override { return stream.finish(); }
};

Decompressor::Decompressor(ByteSink sink, InflateLimits limits)
    : sink_(std::move(sink)), limits_(limits) {}

Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;
Decompressor::~Decompressor() = default;

Status Decompressor::decide() {
    constexpr std::string_view kGzip = "\x1f\x8b";
    constexpr std::string_view kZstd = "\x28\xb5\x2f\xfd";
    // A zstd stream may open with a skippable frame (zstd:chunked does not, but pzstd does).
    const bool skippable = first_.size() >= 4 && (first_[0] & '\xf0') == '\x50' &&
                           std::string_view(first_).substr(1, 3) == "\x2a\x4d\x18";
    if (first_.starts_with(kGzip)) {
        engine_ = std::make_unique<StreamEngine<GzipStream, Engine>>();
    } else if (first_.starts_with(kZstd) || skippable) {
        engine_ = std::make_unique<StreamEngine<ZstdStream, Engine>>();
    } else {
        engine_ = std::make_unique<StreamEngine<PlainStream, Engine>>();
    }
    const std::string first = std::exchange(first_, {});
    return inflate(first);
}

Status Decompressor::inflate(std::string_view bytes) {
    received_ += bytes.size();
    return engine_->feed(bytes, [this](std::string_view made) { return deliver(made); });
}

Status Decompressor::deliver(std::string_view bytes) {
    made_ += bytes.size();
    if (made_ > limits_.bytes) {
        return corrupt("more than " + std::to_string(limits_.bytes) + " bytes come out");
    }
    if (made_ > limits_.any_ratio_below && made_ / limits_.ratio > received_) {
        return corrupt("each byte becomes more than " + std::to_string(limits_.ratio));
    }
    return sink_(bytes);
}

Status Decompressor::feed(std::string_view bytes) {
    if (bytes.empty()) return {};
    if (engine_) return inflate(bytes);
    first_ += bytes;
    return first_.size() < 4 ? Status() : decide();
}

Status Decompressor::finish() {
    if (!engine_) {
        if (first_.empty()) return {};
        TRY(decide());
    }
    return engine_->finish();
}

}  // namespace dhow::store
