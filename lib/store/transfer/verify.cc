// SPDX-License-Identifier: Apache-2.0
#include "store/transfer/verify.h"

#include "base/file.h"
#include "oci/spec/digest.h"
#include "store/transfer/sha256.h"
#include "store/transfer/tree_transfer.h"

#include <fcntl.h>

namespace dhow::store {

namespace {

using Kind = TransferEvent::Kind;

Status read_layer(const TransferContext& context, const std::string& diff_id) {
    const auto digest = TRY(oci::DiffId::parse(diff_id));
    const auto stream = TRY(OutgoingLayerStream::open(context, digest));
    return stream.write_to([](std::string_view) { return Status(); });
}

Status verify_layer(const TransferContext& context, const std::string& diff_id) {
    const Status read = read_layer(context, diff_id);
    if (read) return {};
    context.report({.kind = Kind::LayerDamaged, .text = read.error().message, .digest = diff_id});
    return {};
}

Result<std::string> hash_of(int folder, const std::string& name) {
    const auto file = TRY(open_at(folder, name, O_RDONLY | O_NOFOLLOW));
    Sha256 hash;
    TRY(read_stream(file.get(), [&](std::string_view bytes) {
        hash.update(bytes);
        return Status();
    }));
    return hash.finish_hex();
}

Status verify_blob(const TransferContext& context, int folder, const std::string& name) {
    const auto hash = hash_of(folder, name);
    if (hash && *hash == name) return {};
    const std::string problem =
        hash ? "its bytes have digest sha256:" + *hash : hash.error().message;
    context.report({.kind = Kind::BlobDamaged, .text = problem, .digest = "sha256:" + name});
    return {};
}

}  // namespace

Status verify_contents(const TransferContext& context) {
    for (const OutgoingImage& image : context.request.images) {
        for (const OutgoingLayer& layer : image.layers) TRY(verify_layer(context, layer.diff_id));
    }
    const auto blobs = TRY(open_dir_at(AT_FDCWD, context.request.source_dir));
    for (const std::string& name : TRY(list_dir_at(blobs.get(), "."))) {
        TRY(verify_blob(context, blobs.get(), name));
    }
    return {};
}

}  // namespace dhow::store
