// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/layer_pipeline.h"

namespace dhow::store {

static Error mismatch(std::string_view what, const std::string& wanted, const std::string& got) {
    return make_error(ErrorKind::Corrupt,
                      "layer " + std::string(what) + " is " + got + ", not " + wanted,
                      "the image is damaged where it is stored: push it there again");
}

LayerPipeline::LayerPipeline(LayerExpectation expected,
                             RootDir folder,
                             SkeletonWriter skeleton,
                             bool rootless)
    : expected_(std::move(expected)),
      skeleton_(std::move(skeleton)),
      applier_(std::move(folder), rootless, &skeleton_),
      tar_(applier_),
      decompressor_([this](std::string_view bytes) -> Status {
          content_hash_.update(bytes);
          return tar_.feed(bytes);
      }) {}

Status LayerPipeline::feed(std::string_view bytes) {
    received_ += bytes.size();
    if (expected_.size && received_ > *expected_.size) {
        return mismatch("size", std::to_string(*expected_.size), "larger");
    }
    if (expected_.digest) compressed_hash_.update(bytes);
    return decompressor_.feed(bytes);
}

Status LayerPipeline::finish() {
    if (expected_.size && received_ != *expected_.size) {
        return mismatch("size", std::to_string(*expected_.size), std::to_string(received_));
    }
    if (expected_.digest) {
        const std::string digest = compressed_hash_.finish_hex();
        if (digest != expected_.digest->hex()) {
            return mismatch("digest", expected_.digest->text(), "sha256:" + digest);
        }
    }
    TRY(decompressor_.finish());
    TRY(tar_.finish());
    const std::string content = content_hash_.finish_hex();
    const auto diff_id = TRY(oci::DiffId::parse("sha256:" + content));
    if (expected_.diff_id && *expected_.diff_id != diff_id) {
        return mismatch("DiffID", expected_.diff_id->text(), diff_id.text());
    }
    expected_.diff_id = diff_id;
    TRY(skeleton_.finish());
    return applier_.finish();
}

}  // namespace dhow::store
