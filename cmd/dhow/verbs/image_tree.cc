// SPDX-License-Identifier: Apache-2.0
// dhow image tree: an image's layers, the base first, in Podman's shape.
#include "base/text.h"
#include "cmd/dhow/handlers.h"
#include "cmd/dhow/human.h"
#include "cmd/dhow/output.h"

#include <algorithm>

namespace dhow::cli::verbs {

namespace {

constexpr size_t kIdWidth = 16;

std::string bracketed(const std::vector<std::string>& names) {
    return "[" + join(names, ", ") + "]";
}

std::string tree_of(const std::vector<engine::ImageLayer>& layers) {
    std::string out = "Image Layers\n";
    for (size_t i = 0; i < layers.size(); ++i) {
        out += i + 1 == layers.size() ? "└── " : "├── ";
        out += "ID: " + short_id(layers[i].diff_id) + " Size: " + human_size(layers[i].size);
        if (!layers[i].top_of.empty()) out += " Top Layer of: " + bracketed(layers[i].top_of);
        out += "\n";
    }
    return out;
}

}  // namespace

Result<int> image_tree(Invocation& call) {
    const std::string& name = call.args().operands()[0];
    engine::Engine* const engine = TRY(call.engine());
    const json::Object image = TRY(engine::inspect_image(*engine, name));
    const std::string id = TRY(json::get_string(image, "Id")).value_or("");
    const auto tags = TRY(json::get_strings(image, "RepoTags"));
    const auto layers = TRY(engine::image_layers(*engine, id));
    uint64_t size = 0;
    for (const engine::ImageLayer& layer : layers) size += layer.size;
    TRY(print("Image ID: " + id.substr(0, kIdWidth) + "\nTags:     " + bracketed(tags) +
              "\nSize:     " + human_size(size) + "\n" + tree_of(layers)));
    return 0;
}

}  // namespace dhow::cli::verbs
