// SPDX-License-Identifier: Apache-2.0
// image tree: an image's layers, and which images end with each.
#include "engine/context.h"
#include "engine/engine.h"
#include "store/image_store.h"
#include "store/layer_store.h"

#include <map>

namespace dhow::engine {

// Whole chains, not single layers: the same layer may lie on others.
static Result<std::map<std::vector<std::string>, std::vector<std::string>>> names_by_chain(
    store::ImageStore& images) {
    std::map<std::vector<std::string>, std::vector<std::string>> chains;
    for (const store::Image& image : TRY(images.list())) {
        auto& names = chains[TRY(images.diff_ids(image.id))];
        names.insert(names.end(), image.names.begin(), image.names.end());
    }
    return chains;
}

Result<std::vector<ImageLayer>> image_layers(Engine& engine, const std::string& name) {
    Context& context = engine.context();
    store::ImageStore images(context.store);
    store::LayerStore layers(context.store);
    const std::string id = TRY(images.find_id(name));
    const auto chains = TRY(names_by_chain(images));
    std::vector<ImageLayer> list;
    std::vector<std::string> chain;
    for (const std::string& diff_id : TRY(images.diff_ids(id))) {
        chain.push_back(diff_id);
        ImageLayer layer{.diff_id = diff_id, .size = TRY(layers.size_of(diff_id))};
        const auto ending = chains.find(chain);
        if (ending != chains.end()) layer.top_of = ending->second;
        list.push_back(std::move(layer));
    }
    return list;
}

}  // namespace dhow::engine
