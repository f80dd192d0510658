// SPDX-License-Identifier: Apache-2.0
// push and save: what is in the store goes out by dhow-transfer.
#include "base/text.h"
#include "engine/context.h"
#include "engine/engine.h"
#include "engine/transfers.h"
#include "store/image_store.h"
#include "store/transfer_client.h"

#include <algorithm>

namespace dhow::engine {

namespace {

constexpr std::string_view kDockerTransport = "docker://";

// The name the user wrote goes into the archive; an id gives none.
Result<std::vector<store::SavedImage>> saved_images(store::ImageStore& images,
                                                    const std::vector<std::string>& wanted) {
    std::vector<store::SavedImage> saved;
    for (const std::string& text : wanted) {
        const auto found = TRY(images.find_runnable(text));
        auto image = std::find_if(
            saved.begin(), saved.end(), [&](const auto& one) { return one.id == found.id; });
        if (image == saved.end()) image = saved.insert(saved.end(), {.id = found.id, .names = {}});
        const bool by_name = found.name != found.id && found.name.find('@') == std::string::npos;
        const bool new_name =
            std::find(image->names.begin(), image->names.end(), found.name) == image->names.end();
        if (by_name && new_name) image->names.push_back(found.name);
    }
    return saved;
}

Result<store::ImageRef> destination_of(const PushRequest& request, store::ImageStore& images) {
    std::string destination = request.destination;
    if (destination.empty()) {
        const auto found = TRY(images.find_runnable(request.image));
        if (found.name == found.id) {
            return make_error(ErrorKind::InvalidArgument,
                              "push '" + printable(request.image) + "': an id says not where to",
                              "name a destination: dhow push IMAGE REGISTRY/NAME:TAG");
        }
        destination = found.name;
    }
    if (destination.starts_with(kDockerTransport)) destination.erase(0, kDockerTransport.size());
    auto reference = TRY(store::ImageRef::parse(destination));
    if (!reference.digest()) return reference;
    return make_error(ErrorKind::InvalidArgument,
                      "push to '" + printable(destination) + "': a digest is no destination",
                      "name a tag");
}

}  // namespace

Result<std::string> push_image(Engine& engine,
                               const PushRequest& request,
                               const ProgressSink& sink) {
    Context& context = engine.context();
    TRY(context.enter());
    store::ImageStore images(context.store);
    const std::string id = TRY(images.find_id(request.image));
    const auto reference = TRY(destination_of(request, images));
    auto transfer = transfer_by(request);
    transfer.reference = reference.full();
    transfer.form = {.format = request.format,
                     .compression = request.compression,
                     .level = request.compression_level,
                     .force_compression = request.force_compression};
    return store::push_stored_image(context.store, transfer, id, forward_progress(sink));
}

Status save_images(Engine& engine,
                   const SaveRequest& request,
                   int output,
                   const ProgressSink& sink) {
    Context& context = engine.context();
    TRY(context.enter());
    store::ImageStore images(context.store);
    const auto saved = TRY(saved_images(images, request.images));
    store::TransferRequest transfer;
    transfer.form.format = request.format;
    return store::save_stored_images(
        context.store, transfer, saved, output, forward_progress(sink));
}

}  // namespace dhow::engine
